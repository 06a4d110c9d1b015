import { chmodSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { differences, readManifest } from '../../../src/main/shells/cli/demo-manifest.ts'
import { isHere } from '../../support/needs.ts'
import { execute } from '../../support/restic.ts'
import { tempDir } from '../../support/tmp.ts'
import { cli, environment, jsonLines, live, main } from './cli.ts'

describe('npm run demo', () => {
  test('the whole cycle, in well under a minute, and everything is equal', async () => {
    const place = tempDir('demo')
    const { code, stdout, stderr } = await cli(['demo', '--keep', '--json'], { env: { TMPDIR: place } })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const [figures] = jsonLines(stdout)
    expect(figures).toMatchObject({
      message_type: 'summary',
      equal: true,
      differing: 0,
      first_backup: { files_unmodified: 0 },
      second_backup: { files_changed: 101 },
      check: { errors: 0 },
    })
    expect(figures!['total_duration']).toBeLessThan(60)
    expect(figures!['bytes']).toBeLessThan(150e6)
    // pictures that are there twice are stored once
    const first = figures!['first_backup'] as Record<string, number>
    expect(first['data_added']).toBeLessThan(0.8 * first['total_bytes_processed']!)
    // what it says restic can do, restic does
    const [kept] = readdirSync(place)
    if (isHere('restic')) {
      const args = ['-r', join(place, kept!, 'repository'), '--password-file', join(place, kept!, 'password')]
      const said = await execute('restic', [...args, '--no-cache', 'snapshots'], { env: environment() })
      expect(said).toMatchObject({ code: 0, stdout: expect.stringContaining('2 snapshots') })
    }
  })

  test('leaves nothing behind, even when interrupted', async () => {
    const place = tempDir('demo')
    const run = live(process.execPath, [main, 'demo'], environment({ TMPDIR: place }))
    await run.until(/A sample/)
    expect(readdirSync(place)).toHaveLength(1)
    run.child.kill('SIGINT')
    expect(await run.exited).toBe(130)
    expect(readdirSync(place)).toEqual([])
  })
})

describe('the comparison', () => {
  function tree(change: (root: string) => void = () => {}): string {
    const root = tempDir('manifest')
    mkdirSync(join(root, 'folder'))
    writeFileSync(join(root, 'folder', 'file'), 'content')
    symlinkSync('target', join(root, 'link'))
    change(root)
    for (const name of ['folder/file', 'folder']) utimesSync(join(root, name), 1e9, 1e9)
    return root
  }
  const read = (root: string) => readManifest(root, new AbortController().signal)
  const bare = async (root: string) => {
    const manifest = await read(root)
    // a symlink's own time can't be set from here
    manifest.set('/link', manifest.get('/link')!.replace(/ \d{19} /, ' '))
    return manifest
  }

  test('finds two equal trees equal', async () => {
    expect(differences(await bare(tree()), await bare(tree()))).toEqual([])
  })

  test.each<[string, string, (root: string) => void]>([
    ['one byte', '/folder/file', root => writeFileSync(join(root, 'folder/file'), 'contemt')],
    ['a permission', '/folder/file', root => chmodSync(join(root, 'folder/file'), 0o600)],
    ['an item more', '/more', root => writeFileSync(join(root, 'more'), '')],
    ['a name of bytes', '/\xe9', root => writeFileSync(Buffer.from(`${root}/\xe9`, 'latin1'), '')],
  ])('sees %s', async (_name, path, change) => {
    const [one, other] = [await bare(tree()), await bare(tree(change))]
    expect(differences(one, other)).toEqual([path])
    expect(differences(other, one)).toEqual([path])
  })

  test('sees a time that is off by a second', async () => {
    const [one, other] = [tree(), tree()]
    utimesSync(join(other, 'folder/file'), 1e9, 1e9 + 1)
    expect(differences(await bare(one), await bare(other))).toEqual(['/folder/file'])
  })
})
