import { createHash, hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'

/** Everything that is to be equal about a tree, a line of text for each path (raw bytes, one character each). */
export type Manifest = Map<string, string>

/**
 * Looks at the files themselves, by other means than the engine's: types, permissions, owners, times to the
 * nanosecond, link targets, which names are one file, and the SHA-256 of every byte. Not the root folder itself.
 */
export async function readManifest(root: string, signal: AbortSignal): Promise<Manifest> {
  const manifest: Manifest = new Map()
  const firstNames = new Map<bigint, string>()
  const raw = (text: string | Buffer) => Buffer.from(text as string).toString('latin1')
  const visit = async (folder: string): Promise<void> => {
    signal.throwIfAborted()
    const names = await readdir(Buffer.from(folder, 'latin1'), { encoding: 'buffer' })
    for (const name of names.map(raw).sort()) {
      const path = `${folder}/${name}`
      const file = Buffer.from(path, 'latin1')
      const stat = await lstat(file, { bigint: true })
      const facts = [stat.mode.toString(8), stat.uid, stat.gid, stat.mtimeNs]
      if (stat.isSymbolicLink()) facts.push(raw(await readlink(file, { encoding: 'buffer' })))
      if (stat.isFile()) {
        facts.push(stat.size, await sha256(file, stat.size, signal))
        if (stat.nlink > 1n) {
          if (!firstNames.has(stat.ino)) firstNames.set(stat.ino, path.slice(rawRoot.length))
          facts.push(`one with ${firstNames.get(stat.ino)}`)
        }
      }
      manifest.set(path.slice(rawRoot.length), facts.join(' '))
      if (stat.isDirectory()) await visit(path)
    }
  }
  const rawRoot = raw(root)
  await visit(rawRoot)
  return manifest
}

/** Paths that are only on one side, or not the same on both. */
export function differences(expected: Manifest, actual: Manifest): string[] {
  const paths = new Set([...expected.keys(), ...actual.keys()])
  return [...paths].filter(path => expected.get(path) !== actual.get(path)).sort()
}

async function sha256(file: Buffer, sizeBytes: bigint, signal: AbortSignal): Promise<string> {
  if (sizeBytes < 4n * 1024n * 1024n) return hash('sha256', await readFile(file))
  const digest = createHash('sha256')
  await pipeline(createReadStream(file, { highWaterMark: 1024 * 1024 }), digest, { signal })
  return digest.digest('hex')
}
