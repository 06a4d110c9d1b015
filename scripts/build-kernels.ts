// Compiles the AssemblyScript kernels to out/kernels/*.wasm. Runs at `npm ci` and before the tests; does nothing
// when the sources have not changed since.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const sources = path('../src/main/engine/kernels/assembly/')
const target = path('../out/kernels/')
const stamp = `${target}built-from.sha256`

const outputs = [
  { name: 'scalar', entry: 'scalar.ts', features: [] },
  { name: 'simd', entry: 'simd.ts', features: ['--enable', 'simd'] },
  { name: 'relaxed', entry: 'simd.ts', features: ['--enable', 'simd', '--enable', 'relaxed-simd'] },
]
const common = ['-O3', '--noAssert', '--runtime', 'stub', '--importMemory', '--use', 'abort=']

/** Writes each file whole or not at all, so that several runs at once do each other no harm. */
export async function buildKernels(): Promise<void> {
  const hash = contentHash()
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return

  const { default: asc } = await import('assemblyscript/asc')
  mkdirSync(target, { recursive: true })
  rmSync(stamp, { force: true })
  for (const { name, entry, features } of outputs) {
    const made = `${target}${name}.${process.pid}.wasm`
    const messages: string[] = []
    const listen = { write: (text: string | Uint8Array) => void messages.push(text.toString()) }
    const { error } = await asc.main([sources + entry, '--outFile', made, ...common, ...features], {
      stdout: listen,
      stderr: listen,
    })
    if (error) throw new Error(`kernel ${name} does not compile\n${messages.join('')}`, { cause: error })
    renameSync(made, `${target}${name}.wasm`)
  }
  writeFileSync(stamp, hash)
}

function contentHash(): string {
  const hash = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)))
  hash.update(readFileSync(path('../node_modules/assemblyscript/package.json')))
  for (const name of readdirSync(sources).sort())
    hash.update(`\0${name}\0`).update(readFileSync(sources + name))
  return hash.digest('hex')
}

if (import.meta.main) await buildKernels()
