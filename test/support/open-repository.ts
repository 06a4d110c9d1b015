import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createSealer } from '../../src/main/engine/format/envelope.ts'
import { decodeKeyFile, openKeyFile } from '../../src/main/engine/format/key.ts'
import { decodePackHeader } from '../../src/main/engine/format/pack.ts'
import type { PackEntry } from '../../src/main/engine/format/pack.ts'
import { unwrapUnpacked } from '../../src/main/engine/format/unpacked.ts'
import { decompress } from '../../src/main/engine/format/zstd.ts'

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

export interface OpenRepository {
  /** The plaintext of `config`. */
  config: Buffer
  /** The JSON of every file of a kind, by ID. */
  files(kind: 'snapshots' | 'index' | 'locks'): Map<string, Buffer>
  /** Every pack's size and header entries, by ID. */
  packs: Map<string, { size: number; entries: PackEntry[] }>
  /** Every blob's plaintext, by `type ID`; each has been checked against its ID. */
  blobs: Map<string, Buffer>
}

/**
 * All of a small local repository in memory, by the shortest way through the format: no index, no backend.
 * Whatever does not fit its name, MAC, length or ID throws.
 */
export async function openRepository(folder: string, password: string): Promise<OpenRepository> {
  const key = await masterKey(folder, password)
  const sealer = createSealer(key)
  const readAll = (kind: string): [string, Buffer][] =>
    readdirSync(join(folder, kind), { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => {
        const bytes = readFileSync(join(entry.parentPath, entry.name))
        if (sha256(bytes) !== entry.name) throw new Error(`${kind}/${entry.name} is not what its name says`)
        return [entry.name, bytes]
      })

  const packs: OpenRepository['packs'] = new Map()
  const blobs: OpenRepository['blobs'] = new Map()
  for (const [id, bytes] of readAll('data')) {
    const headerBytes = bytes.readUInt32LE(bytes.length - 4)
    const header = sealer.open(bytes.subarray(bytes.length - 4 - headerBytes, -4))
    const entries = decodePackHeader(header, bytes.length - 4 - headerBytes)
    packs.set(id, { size: bytes.length, entries })
    for (const entry of entries) {
      const opened = sealer.open(bytes.subarray(entry.offset, entry.offset + entry.length))
      const plain = entry.uncompressedLength === 0 ? opened : decompress(opened, entry.uncompressedLength)
      if (sha256(plain) !== entry.id) throw new Error(`blob ${entry.id} is not what its ID says`)
      blobs.set(`${entry.type} ${entry.id}`, plain)
    }
  }
  return {
    config: sealer.open(readFileSync(join(folder, 'config'))),
    files: kind => new Map(readAll(kind).map(([id, bytes]) => [id, unwrapUnpacked(sealer.open(bytes))])),
    packs,
    blobs,
  }
}

async function masterKey(folder: string, password: string) {
  for (const name of readdirSync(join(folder, 'keys'))) {
    const key = await openKeyFile(decodeKeyFile(readFileSync(join(folder, 'keys', name))), password)
    if (key !== null) return key
  }
  throw new Error('the password opens no key')
}
