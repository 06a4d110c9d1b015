import { AppError } from '../../../shared/errors.ts'
import { corrupt } from './corrupt.ts'
import { decodeFields, idField, textField } from './fields.ts'
import type { Id } from './id.ts'
import { isIrreducible } from './polynomial.ts'

export interface RepositoryConfig {
  version: 1 | 2
  id: Id
  /** Irreducible, of degree 53. */
  chunkerPolynomial: bigint
}

export const encodeConfig = ({ version, id, chunkerPolynomial }: RepositoryConfig): Buffer =>
  Buffer.from(`{"version":${version},"id":"${id}","chunker_polynomial":"${chunkerPolynomial.toString(16)}"}`)

const what = 'the config'

/** @throws {AppError} repository_unsupported a version we do not know; data_corrupt anything else wrong */
export function decodeConfig(json: Uint8Array): RepositoryConfig {
  const fields = decodeFields(what, json)
  const version = fields['version']
  if (typeof version !== 'number') throw corrupt('The config names no repository version.')
  if (version !== 1 && version !== 2) {
    throw new AppError(
      'repository_unsupported',
      `The repository has format version ${version}; this program knows versions 1 and 2.`,
      { hint: 'Install a newer version of this program.' },
    )
  }
  const id = idField(fields, 'id', what)
  const digits = textField(fields, 'chunker_polynomial', what)
  // Degree 53 is 14 hex digits that start with 2 or 3.
  if (!/^[23][0-9a-f]{13}$/.test(digits))
    throw corrupt('The chunker polynomial in the config is not of degree 53.')
  const chunkerPolynomial = BigInt(`0x${digits}`)
  if (!isIrreducible(chunkerPolynomial))
    throw corrupt('The chunker polynomial in the config is not irreducible.')
  return { version, id, chunkerPolynomial }
}
