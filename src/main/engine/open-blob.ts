import { AppError, BackendError } from '../../shared/errors.ts'
import type { Sealer } from './format/envelope.ts'
import { idOf, shortId, type BlobType, type Id } from './format/id.ts'
import { decompress, decompressorAgain } from './format/zstd.ts'

/** What must be known of a sealed blob to open it. */
export interface SealedBlob {
  readonly type: BlobType
  readonly id: Id
  /** 0: not compressed. */
  readonly uncompressedLength: number
}

/** Unseals, decompresses and verifies one blob. @throws data_corrupt, naming the blob */
export type OpenBlob<Plain extends Uint8Array> = (sealed: Uint8Array, blob: SealedBlob) => Plain

/** Into memory of its own. */
export const blobOpener = (sealer: Sealer): OpenBlob<Buffer> => openWith(sealer.open, decompress)

/** Into memory that the next call overwrites: for a thread that uses one blob after the other. */
export function blobOpenerAgain(sealer: Sealer): OpenBlob<Uint8Array> {
  let room = Buffer.alloc(0)
  const unseal = (sealed: Uint8Array): Uint8Array => {
    if (sealed.length > mostKeptBytes) return sealer.open(sealed)
    if (room.length < sealed.length) room = Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(sealed.length)))
    return sealer.openInto(sealed, room)
  }
  return openWith(unseal, decompressorAgain())
}

/** Chunks are no larger; trees seldom are. */
const mostKeptBytes = 16 * 1024 * 1024

const openWith =
  <Plain extends Uint8Array>(
    unseal: (sealed: Uint8Array) => Plain,
    inflate: (frame: Uint8Array, plainBytes: number) => Plain,
  ): OpenBlob<Plain> =>
  (sealed, blob) => {
    try {
      const inner = unseal(sealed)
      const plain = blob.uncompressedLength > 0 ? inflate(inner, blob.uncompressedLength) : inner
      if (blob.uncompressedLength > 0 && plain.length !== blob.uncompressedLength) {
        throw new AppError(
          'data_corrupt',
          `it holds ${plain.length} bytes instead of ${blob.uncompressedLength}`,
        )
      }
      if (idOf(plain) !== blob.id) throw new AppError('data_corrupt', 'its content does not fit its hash')
      return plain
    } catch (error) {
      throw namedDamage(`${blob.type === 'tree' ? 'Tree' : 'Data'} blob ${shortId(blob.id)}`, error)
    }
  }

/** Says whose damage it is: the decoders below know only bytes. Any other error is given back as it is. */
export function namedDamage(what: string, error: unknown): unknown {
  if (!(error instanceof AppError) || error.code !== 'data_corrupt') return error
  return new BackendError('data_corrupt', `${what} is damaged: ${uncapitalised(error.message)}`, {
    hint: error.hint ?? 'Run `holdfast check --read-data` to see what is affected.',
    cause: error,
  })
}

const uncapitalised = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)
