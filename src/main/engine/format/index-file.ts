import { corrupt } from './corrupt.ts'
import { asFields, countField, decodeFields, idField, idsField, listField, wrongField } from './fields.ts'
import type { BlobType, Id } from './id.ts'
import { checkLengths, maxBlobBytes } from './pack.ts'
import type { PackEntry } from './pack.ts'

export interface PackContents {
  readonly id: Id
  readonly blobs: readonly PackEntry[]
}

function blobJson({ id, type, offset, length, uncompressedLength }: PackEntry): string {
  const more = uncompressedLength === 0 ? '' : `,"uncompressed_length":${uncompressedLength}`
  return `{"id":"${id}","type":"${type}","offset":${offset},"length":${length}${more}}`
}

/** JSON with the newline that Go's streaming encoder leaves. */
export function encodeIndex(packs: readonly PackContents[]): Buffer {
  const list = packs.map(pack => `{"id":"${pack.id}","blobs":[${pack.blobs.map(blobJson).join(',')}]}`)
  return Buffer.from(`{"packs":[${list.join(',')}]}\n`)
}

const ofBlob = 'a blob in an index'

function blobTypeField(value: unknown): BlobType {
  if (value === 'data' || value === 'tree') return value
  throw wrongField(ofBlob, 'type', '"data" or "tree"', value)
}

function decodeBlob(value: unknown): PackEntry {
  const fields = asFields(ofBlob, value)
  const id = idField(fields, 'id', ofBlob)
  const type = blobTypeField(fields['type'])
  const offset = countField(fields, 'offset', ofBlob, maxBlobBytes)
  const length = countField(fields, 'length', ofBlob, maxBlobBytes)
  const uncompressedLength = countField(fields, 'uncompressed_length', ofBlob, maxBlobBytes, 0)
  checkLengths(length, uncompressedLength, false, 'an index')
  return { type, id, offset, length, uncompressedLength }
}

function decodePack(value: unknown): PackContents {
  const fields = asFields('a pack in an index', value)
  const id = idField(fields, 'id', 'a pack in an index')
  return { id, blobs: listField(fields, 'blobs', 'a pack in an index').map(decodeBlob) }
}

/** @throws {AppError} data_corrupt */
export function decodeIndex(json: Uint8Array): { supersedes: Id[]; packs: PackContents[] } {
  const fields = decodeFields('an index', json)
  if (!('packs' in fields)) throw corrupt('An index file lists no packs: it is no index.')
  return {
    supersedes: idsField(fields, 'supersedes', 'an index'),
    packs: listField(fields, 'packs', 'an index').map(decodePack),
  }
}
