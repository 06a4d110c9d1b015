import type { BigIntStats } from 'node:fs'
import type { Raw } from '../format/raw.ts'
import type { FileJob } from './packs.ts'
import type { PlacedItem } from './place.ts'
import type { ItemFacts } from './tally.ts'
import type { Verifiable } from './verify.ts'
import { createAttributeTable, type AttributeTable } from './whole-files.ts'

/** Of several names of one file, the first that was restored or found right. */
export interface Leader {
  readonly location: Raw
  /** What lies there already, when that stays. */
  readonly existing: BigIntStats | null
  failed: boolean
}

export type Link = PlacedItem & { leader: Leader; facts: ItemFacts | null }

/** What is done together. */
export interface Batch {
  readonly files: FileJob[]
  readonly attributes: AttributeTable
  /** Of files with several names. */
  readonly groups: Map<Raw, string>
  readonly links: Link[]
  readonly toVerify: Verifiable[]
  blobs: number
}
export const newBatch = (): Batch => ({
  files: [],
  attributes: createAttributeTable(),
  groups: new Map(),
  links: [],
  toVerify: [],
  blobs: 0,
})
