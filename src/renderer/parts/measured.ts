import type { Output } from '../../shared/contract.ts'

export type Measured = Output<'source.measure'>
/** By path; null: it could not be measured. */
export type Sizes = ReadonlyMap<string, Measured | null>
