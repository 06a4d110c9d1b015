import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { commandLine, quoted } from '../../../src/main/services/runs/command-line.ts'
import { Source, type Source as OneSource } from '../../../src/shared/entities/plan.ts'

const source = (paths: string[], more: object = {}, rest: object = {}): OneSource =>
  Source.parse({ kind: 'files', paths, rules: { excludeCaches: false, ...more }, ...rest })
const destination = { location: { kind: 'local' as const, path: '/mnt/backup drive' } }
const plan = (sources: OneSource[], more: object = {}) => ({
  id: 'ec0c2b1e-0000-4000-8000-000000000000',
  sources,
  tags: ['nightly'],
  compression: 'default' as const,
  ...more,
})
const tags = (type: string, ...components: string[]) =>
  `--tag plan:ec0c2b1e-0000-4000-8000-000000000000 --tag type:${type} ${components.map(name => `--tag component:${name} `).join('')}--tag nightly`

test('one source', () => {
  const one = source(['/home/ada', '/srv'], {
    excludes: ['*.tmp', "it's"],
    iexcludes: ['Thumbs.db'],
    excludeCaches: true,
    excludeIfPresent: ['.nobackup'],
    excludeLargerThanBytes: 1_000_000,
    oneFileSystem: true,
  })
  expect(commandLine(plan([one]), destination, { type: 'incremental', dryRun: false })).toBe(
    `holdfast backup --repo '/mnt/backup drive' ${tags('incremental', 'files')} ` +
      `--exclude '*.tmp' --exclude 'it'\\''s' --iexclude Thumbs.db --exclude-caches ` +
      `--exclude-if-present .nobackup --exclude-larger-than 1000000 --one-file-system /home/ada /srv`,
  )
})

test('a full dry run with another compression', () => {
  expect(
    commandLine(plan([source(['/a'])], { compression: 'max' }), destination, { type: 'full', dryRun: true }),
  ).toBe(
    `holdfast backup --repo '/mnt/backup drive' --full --dry-run --compression max ${tags('full', 'files')} /a`,
  )
})

test('sources with rules of their own: patterns go with their paths, switches only where all have them', () => {
  const sources = [
    source(['/a'], { excludes: ['*.tmp', '!keep.tmp', '/a/x'], oneFileSystem: true }),
    source(['/b/'], { excludes: ['*.log'], excludeIfPresent: ['.no'] }, { component: 'logs' }),
  ]
  expect(commandLine(plan(sources), destination, { type: 'incremental', dryRun: false })).toBe(
    `holdfast backup --repo '/mnt/backup drive' ${tags('incremental', 'files', 'logs')} ` +
      `--exclude '/a/**/*.tmp' --exclude '!/a/**/keep.tmp' --exclude /a/x --exclude '/b/**/*.log' /a /b/`,
  )
})

test('of type config: the sources marked so, and only their components', () => {
  const sources = [source(['/a']), source(['/etc'], {}, { component: 'config', isConfig: true })]
  const line = commandLine(plan(sources), destination, { type: 'config', dryRun: false })
  expect(line).toBe(`holdfast backup --repo '/mnt/backup drive' ${tags('config', 'config')} /etc`)
})

test.skipIf(process.platform === 'win32')('a shell reads every word back as it was', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.string({ unit: 'grapheme' }).map(text => text.replaceAll('\0', '')),
        { minLength: 1 },
      ),
      list => {
        const read = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${list.map(quoted).join(' ')}`])
        expect(read.toString('utf8').split('\0').slice(0, -1)).toEqual(list)
      },
    ),
    { numRuns: 50 },
  )
})
