import { globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

const require = createRequire(import.meta.url)
const library = dirname(require.resolve('app-builder-lib/package.json'))
const settings = parse(readFileSync('electron-builder.yml', 'utf8')) as Record<string, unknown>

/** The packager's own check, which it makes before it packs. @throws what it does not know */
function validate(configuration: unknown): void {
  const { validateSchema } = require(join(library, 'out/util/config/schemaValidator.js')) as {
    validateSchema(schema: unknown, configuration: unknown, options: { name: string }): void
  }
  const schema: unknown = JSON.parse(readFileSync(join(library, 'scheme.json'), 'utf8'))
  validateSchema(schema, configuration, { name: 'electron-builder' })
}

test('the packager knows every setting, and would complain of one that it does not', () => {
  validate(settings)
  expect(() => validate({ ...settings, asarUnpacked: [] })).toThrow(/asarUnpacked/)
  expect(() => validate({ ...settings, linux: { target: ['AppImage'], ikon: '' } })).toThrow(
    /configuration\.linux/,
  )
})

test('what is packed is there, or comes of the build', () => {
  const files = settings['files'] as string[]
  for (const pattern of files.filter(pattern => !/^(!|out\/)/.test(pattern)))
    expect(globSync(pattern).length, pattern).toBeGreaterThan(0)
  expect(globSync('assets/tray/*.png')).toHaveLength(40)
})

test('what only the window needs is bundled, and not packed once more', () => {
  const { dependencies, main } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    dependencies: Record<string, string>
    main: string
  }
  const bare = (name: string) =>
    name.startsWith('@') ? name.split('/').slice(0, 2).join('/') : name.split('/')[0]!
  const used = new Set(
    globSync('src/{main,shared}/**/*.ts', { exclude: ['**/kernels/assembly/**'] }).flatMap(path =>
      [
        ...readFileSync(path, 'utf8').matchAll(
          /(?:from|import|import\(|createRequire\(import\.meta\.url\)\()\s*'([^'.][^']*)'/g,
        ),
      ].map(([, name]) => bare(name!)),
    ),
  )
  // loaded by name at run time: pages of the server's documentation, a native part
  const loaded = ['@fastify/swagger-ui', '@fastify/swagger']
  for (const name of Object.keys(dependencies)) expect([...used, ...loaded], name).toContain(name)
  expect(main).toBe('out/main/shells/electron/main.js')
})
