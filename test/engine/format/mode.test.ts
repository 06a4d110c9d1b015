import { expect, test } from 'vitest'
import { goModeFromStat, permissionsFromGoMode, typeFromStat } from '../../../src/main/engine/format/mode.ts'
import { goldenManifest } from '../../support/vectors.ts'

test.each<[number, string, number]>([
  [0o040755, 'dir', 2147484141],
  [0o120777, 'symlink', 134218239],
  [0o010644, 'fifo', 33554852],
  [0o104755, 'file', 8389101],
  [0o042755, 'dir', 2151678445],
  [0o041777, 'dir', 2148532735],
  [0o100600, 'file', 0o600],
  [0o100000, 'file', 0],
  [0o106711, 'file', 2 ** 23 + 2 ** 22 + 0o711],
  [0o060660, 'dev', 2 ** 26 + 0o660],
  [0o020666, 'chardev', 2 ** 26 + 2 ** 21 + 0o666],
  [0o140755, 'socket', 2 ** 24 + 0o755],
  [0o150644, 'irregular', 2 ** 19 + 0o644], // a Solaris door
  [0o000644, 'irregular', 2 ** 19 + 0o644],
])('%o is a %s, %d in Go', (statMode, type, goMode) => {
  expect(typeFromStat(statMode)).toBe(type)
  expect(goModeFromStat(statMode)).toBe(goMode)
  expect(permissionsFromGoMode(goMode)).toBe(statMode & 0o7777)
})

test('all permissions survive on a folder and a file', () => {
  for (let permissions = 0; permissions <= 0o7777; permissions++) {
    for (const format of [0o040000, 0o100000]) {
      expect(permissionsFromGoMode(goModeFromStat(format | permissions))).toBe(permissions)
    }
  }
})

test('the golden repository’s permissions', () => {
  for (const entry of Object.values(goldenManifest.trees).flat()) {
    expect((permissionsFromGoMode(entry.go_mode) & 0o777).toString(8)).toBe(entry.perm_octal)
  }
})
