import { globSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { expect, test } from 'vitest'

/** Who may import what; the most specific row counts. A change here needs a record in docs/decisions. */
const rooms: Record<string, string[]> = {
  'src/shared': ['zod'],
  'src/main/engine': ['src/shared', 'node:'],
  'src/main/engine/files/libc.ts': ['src/main/engine', 'src/shared', 'node:', 'koffi'],
  'src/main/services': ['src/shared', 'src/main/engine/index.ts', 'node:', 'zod'],
  'src/main/services/catalogue': ['src/shared', 'src/main/engine/index.ts', 'node:', 'better-sqlite3', 'zod'],
  'src/main/services/vault': ['src/shared', 'node:', 'zod', 'keytar'],
  'src/main/services/scheduling': [
    'src/shared',
    'src/main/services/catalogue/catalogue.ts',
    'node:',
    'node-schedule',
    'cron-parser',
    'cronstrue',
  ],
  'src/main/services/plan-file.ts': ['src/shared', 'src/main/services', 'node:', 'yaml', 'zod'],
  'src/main/shells': ['src/shared', 'src/main/services', 'src/main/engine/index.ts', 'node:'], // what shells share
  'src/main/shells/cli': [
    'src/shared',
    'src/main/services',
    'src/main/engine/index.ts',
    'src/main/shells',
    'node:',
    'commander',
  ], // decision 0001
  'src/main/shells/local': ['src/shared', 'src/main/services', 'src/main/shells', 'node:', 'zod'],
  'src/main/shells/electron': ['src/shared', 'src/main/services', 'src/main/shells', 'node:', 'electron'],
  'src/main/shells/server': [
    'src/shared',
    'src/main/services',
    'src/main/shells',
    'node:',
    'fastify',
    '@fastify',
  ],
  'src/renderer': [
    'src/shared',
    'react',
    'react-dom',
    'zustand',
    'zod',
    '@mantine',
    '@tabler/icons-react',
    '@tanstack/react-virtual',
    '@fontsource-variable',
    'inter-ui',
  ],
}
const door = 'src/main/engine/index.ts'
const shells = 'src/main/shells'
const badName = /(^|[-.])(utils?|helpers?|commons?|types?|managers?|impl|misc)([-.]|$)|manager|impl\b/i

const isIn = (path: string, place: string): boolean =>
  place.endsWith(':') ? path.startsWith(place) : path === place || path.startsWith(`${place}/`)

/** What is wrong with these files (path → text), a line each. */
function violations(files: Record<string, string>): string[] {
  return Object.entries(files).flatMap(([path, text]) => {
    const found: string[] = []
    const room = Object.keys(rooms).findLast(room => isIn(path, room)) ?? ''
    if (room === '') found.push('is in no room')
    if (path.split('/').some(part => badName.test(part))) found.push('is named for nothing it knows')

    const code = text.replace(/\/\*.*?\*\/|(?<=^|\s)\/\/.*?$/gms, '')
    const imports = /(?:\bfrom|\bimport|\bimport\s*\(|\brequire\s*\()\s*['"]([^'"\n]+)['"]/g
    for (const [, name = ''] of code.matchAll(imports)) {
      const target = name.startsWith('.') ? posix.join(posix.dirname(path), name) : name
      const allowed = [...(rooms[room] ?? []), room]
      if (!allowed.some(place => isIn(target, place))) found.push(`may not import ${target}`)
    }
    if (path !== door && /^\s*export\s+(type\s+)?(\*|\{[^}]*\})[^\n]*\sfrom\s/m.test(code))
      found.push('re-exports')
    if (!isIn(path, shells) && /\bDate\.now\b/.test(code)) found.push('has a clock of its own') // it comes with the Run
    if (!isIn(path, shells) && /\bprocess\.env\b/.test(code)) found.push('reads the environment')
    return found.map(what => `${path} ${what}`)
  })
}

test('every file keeps to its room', () => {
  const paths = globSync('src/**/*.{ts,tsx}').map(path => path.replaceAll('\\', '/'))
  const checked = paths.filter(path => !isIn(path, 'src/main/engine/kernels/assembly')) // another language
  expect(checked).toContain(door)
  expect(violations(Object.fromEntries(checked.map(path => [path, readFileSync(path, 'utf8')])))).toEqual([])
})

test('test, scripts: no file is named for nothing', () => {
  const paths = globSync(['test/**/*.ts', 'scripts/**/*.ts']).flatMap(path => path.split(/[\\/]/))
  expect(paths.filter(part => badName.test(part))).toEqual([])
})

test.each<[string, string, string | null]>([
  [
    'src/main/engine/a.ts',
    `import { x } from '../shells/cli/main.ts'`,
    'may not import src/main/shells/cli/main.ts',
  ],
  ['src/main/engine/a.ts', `import koffi from 'koffi'`, 'may not import koffi'],
  ['src/main/engine/files/libc.ts', `import koffi from 'koffi'`, null],
  ['src/main/engine/files/libc.ts', `import type { Raw } from '../format/raw.ts'`, null],
  ['src/main/engine/a.ts', `import {\n  a,\n} from "../../shared/errors.ts"\nimport 'node:fs'`, null],
  ['src/main/engine/a.ts', `const fs = require('fs')`, 'may not import fs'],
  ['src/main/engine/a.ts', `// import x from 'y'\n/* import x from 'y' */`, null],
  [
    'src/main/shells/cli/a.ts',
    `await import('../../engine/backup.ts')`,
    'may not import src/main/engine/backup.ts',
  ],
  ['src/main/shells/cli/a.ts', `import type { Run } from '../../engine/index.ts'`, null],
  ['src/main/shells/cli/a.ts', `const now = Date.now, home = process.env.HOME`, null],
  ['src/shared/a.ts', `import { z } from 'zod'`, null],
  ['src/shared/a.ts', `import fs from 'node:fs'`, 'may not import node:fs'],
  ['src/shared/a.ts', `export { a } from './b.ts'`, 're-exports'],
  ['src/main/engine/a.ts', `export type {\n  A,\n} from './b.ts'`, 're-exports'],
  ['src/main/engine/a.ts', `export * from './b.ts'`, 're-exports'],
  ['src/main/engine/index.ts', `export { a } from './b.ts'`, null],
  ['src/main/engine/a.ts', `const now = Date.now()`, 'has a clock of its own'],
  ['src/main/engine/a.ts', `process.env['HOME']`, 'reads the environment'],
  ['src/main/engine/tree-utils.ts', '', 'is named for nothing it knows'],
  ['src/main/engine/helpers/a.ts', '', 'is named for nothing it knows'],
  ['src/main/engine/LockManager.ts', '', 'is named for nothing it knows'],
  ['src/main/engine/implicit.ts', '', null],
  ['src/elsewhere/a.ts', '', 'is in no room'],
])('%s: %s', (path, text, what) => {
  expect(violations({ [path]: text })).toEqual(what === null ? [] : [`${path} ${what}`])
})
