import { describe, expect, test } from 'vitest'
import { placementsOf, type Disk } from '../../../src/main/services/runs/restore-where.ts'

const folders = (...there: string[]): Disk => ({
  isFolder: path => there.includes(path),
  exists: path => there.includes(path) || path === '/' || path === 'C:\\',
})
const home = folders('/home', '/home/ada', '/home/ada/docs')
const original = { kind: 'original' } as const
const into = (path: string, keepFolders = false) => ({ kind: 'folder', path, keepFolders }) as const
const sources = ['/home/ada/docs', '/etc/hosts']

describe('to where it came from', () => {
  test('what lies in a folder that was backed up goes into that folder', () => {
    const request = {
      paths: ['/home/ada/docs/a', '/home/ada/docs/b/c', '/home/ada/docs/a/x'],
      target: original,
    }
    expect(placementsOf(request, sources, home, 'linux')).toEqual([
      {
        target: '/home/ada/docs',
        subpath: '/home/ada/docs',
        items: { paths: ['/home/ada/docs/a', '/home/ada/docs/b/c'], placedBy: 'path' },
      },
    ])
  })

  test('the folder itself: all of it, so that a mirror may remove in it', () => {
    const request = { paths: ['/home/ada/docs'], target: original }
    expect(placementsOf(request, sources, home, 'linux')).toEqual([
      { target: '/home/ada/docs', subpath: '/home/ada/docs', items: null },
    ])
  })

  test('one that is gone, or a symlink now, is made again in the nearest folder above that is there', () => {
    const request = { paths: ['/home/ada/docs/a'], target: original }
    const items = { paths: ['/home/ada/docs/a'], placedBy: 'path' }
    expect(placementsOf(request, sources, folders('/home'), 'linux')).toEqual([
      { target: '/home', subpath: '/home', items },
    ])
    expect(placementsOf(request, sources, folders(), 'linux')).toEqual([{ target: '/', subpath: '', items }])
  })

  test('everything: each source to its place, and nothing between them', () => {
    const request = { paths: ['/'], target: original }
    expect(placementsOf(request, sources, home, 'linux')).toEqual([
      { target: '/home/ada/docs', subpath: '/home/ada/docs', items: null },
      { target: '/', subpath: '', items: { paths: ['/etc/hosts'], placedBy: 'path' } },
    ])
  })

  test('a drive is a folder in the snapshot', () => {
    const disk = folders('C:\\Users\\Ada', 'C:\\Users')
    const request = { paths: ['/C/Users/Ada/Documents/a.txt'], target: original }
    expect(placementsOf(request, ['C:\\Users\\Ada'], disk, 'win32')).toEqual([
      {
        target: 'C:\\Users\\Ada',
        subpath: '/C/Users/Ada',
        items: { paths: ['/C/Users/Ada/Documents/a.txt'], placedBy: 'path' },
      },
    ])
  })

  test.each([
    ['a snapshot of another system', ['C:\\Users']],
    ['one of a relative path', ['/home/ada/elsewhere']],
    ['one of nothing', []],
  ])('%s does not say where it was', (_, sources) => {
    const request = { paths: ['/docs/a'], target: original }
    expect(() => placementsOf(request, sources, home, 'linux')).toThrow(/does not say where/)
  })
})

describe('into a folder', () => {
  test('by name, or with the folders above', () => {
    const paths = ['/home/ada/docs/a', '/etc/hosts']
    expect(placementsOf({ paths, target: into('/tmp/out/') }, sources, home, 'linux')).toEqual([
      { target: '/tmp/out', subpath: '', items: { paths, placedBy: 'name' } },
    ])
    expect(placementsOf({ paths, target: into('/tmp/out', true) }, sources, home, 'linux')).toEqual([
      { target: '/tmp/out', subpath: '', items: { paths, placedBy: 'path' } },
    ])
  })

  test('two of one name are refused, also where only the case differs and that does not count', () => {
    const paths = ['/a/Notes', '/b/notes']
    const place = (platform: NodeJS.Platform, path = '/out') =>
      placementsOf({ paths, target: into(path) }, sources, home, platform)
    expect(place('linux')).toHaveLength(1)
    expect(() => place('darwin')).toThrow(/same name/)
    expect(() => place('win32', 'C:\\out')).toThrow(/same name/)
  })

  test('a relative target is refused', () => {
    expect(() => placementsOf({ paths: ['/a'], target: into('out') }, sources, home, 'linux')).toThrow(
      /not a whole path/,
    )
  })
})
