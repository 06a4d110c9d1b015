import { expect, test } from 'vitest'
import { downloadOf } from '../../../src/renderer/screens/restore/download.ts'
import type { Picked } from '../../../src/renderer/screens/restore/selection.ts'

const item = (path: string, type: Picked['type'] = 'file', snapshotId = 's1'): Picked => ({
  path,
  type,
  sizeBytes: 1,
  snapshotId,
})

test('a file is downloaded as it is, anything else as an archive', () => {
  expect(downloadOf('d', [item('/a/b &?=ü.txt')])).toEqual({
    address: '/api/download?destination=d&snapshot=s1&path=%2Fa%2Fb+%26%3F%3D%C3%BC.txt',
    name: 'b &?=ü.txt',
    mime: 'application/octet-stream',
  })
  expect(downloadOf('d', [item('/a/b', 'dir')])?.name).toBe('b.tar')
  expect(downloadOf('d', [item('/', 'dir')])?.name).toBe('snapshot.tar')
  const two = downloadOf('d', [item('/a'), item('/b')])
  expect(two?.name).toBe('snapshot.tar')
  expect(new URL(two!.address, 'http://x').searchParams.getAll('path')).toEqual(['/a', '/b'])
})

test('a name can not be read as another part of what is dragged', () => {
  expect(downloadOf('d', [item('/a/http:\u202e\nx')])?.name).toBe('http___x')
})

test('what is of two snapshots, or too much for an address, is no download', () => {
  expect(downloadOf('d', [item('/a'), item('/b', 'file', 's2')])).toBe(null)
  expect(
    downloadOf(
      'd',
      Array.from({ length: 1000 }, (_, n) => item(`/some/long/path/${n}`)),
    ),
  ).toBe(null)
  expect(downloadOf('d', [])).toBe(null)
})
