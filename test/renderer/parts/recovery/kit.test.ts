import { execFileSync } from 'node:child_process'
import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import {
  checksum,
  commandsOf,
  kitFileName,
  kitText,
  quoted,
  readKit,
  type KitFacts,
} from '../../../../src/renderer/parts/recovery/kit.ts'

const facts: KitFacts = {
  key: 'K7QF 3MZD V9RT H2XA 8WNC J4PE T6GB Y5LS',
  hostname: 'atlas',
  destination: 'Archive 8TB',
  path: '/media/mara/Archive 8TB/holdfast',
  repositoryId: '5f1c09aa'.repeat(8),
  date: '21 November 2026',
  version: '0.1.0',
}

test('what it says is read back', () => {
  expect(readKit(kitText(facts))).toEqual({ key: facts.key, path: facts.path, intact: true })
})

test('an editor that writes other ends of lines, or marks the encoding, does no harm', () => {
  const windows = `\ufeff${kitText(facts).replaceAll('\n', '\r\n')}`
  expect(readKit(windows)).toEqual({ key: facts.key, path: facts.path, intact: true })
})

test.each([
  ['a character of the key', (text: string) => text.replace('3MZD', '3MZE')],
  ['the path', (text: string) => text.replace('8TB/', '6TB/')],
  ['the end cut off', (text: string) => text.slice(0, -60)],
])('damage is told: %s', (_, damage) => {
  expect(readKit(damage(kitText(facts)))?.intact).toBe(false)
})

test('what is no kit is none', () => {
  expect(readKit('Dear Bob,\n  Key:   under the mat')).toBeNull()
  expect(readKit('HOLDFAST RECOVERY KIT\natlas')).toBeNull()
})

test('it has the commands of restic, the repository and the date, and no name steers a terminal', () => {
  const text = kitText({ ...facts, hostname: 'at\u001b[31mlas', destination: 'Ar\u202echive' })
  expect(text).toContain(commandsOf(facts.path).restore)
  expect(text).toContain(facts.repositoryId!)
  expect(text).toContain(facts.date)
  expect(text).toContain(String.raw`at\x1b[31mlas`)
  expect(text).toContain(String.raw`Ar\u202echive`)
})

test.each(['/mnt/backup', '/mnt/my drive', '/mnt/it\'s $HOME `x` "here" \\ *'])(
  'a shell reads %s as one word',
  path => {
    expect(execFileSync('/bin/sh', ['-c', `printf %s ${quoted(path)}`], { encoding: 'utf8' })).toBe(path)
  },
)

test('paths of Windows are quoted as its shells do', () => {
  expect(quoted('D:\\my drive')).toBe('"D:\\my drive"')
})

test('the sum is CRC-32', () => {
  for (const text of ['', 'Holdfast', 'Größe ☂', facts.path.repeat(50)]) {
    expect(Number.parseInt(checksum(text), 16)).toBe(crc32(text))
    expect(checksum(text)).toHaveLength(8)
  }
})

test.each([
  ['atlas', 'holdfast-recovery-kit-atlas.txt'],
  ["Mara's MacBook.local", 'holdfast-recovery-kit-mara-s-macbook-local.txt'],
  ['../..', 'holdfast-recovery-kit-computer.txt'],
])('the file of %s is %s', (hostname, name) => {
  expect(kitFileName(hostname)).toBe(name)
})
