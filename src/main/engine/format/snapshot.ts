import {
  asFields,
  countField,
  decodeFields,
  idField,
  idOrNullField,
  maxUint32,
  textField,
  textsField,
  timeField,
} from './fields.ts'
import { jsonString, jsonStrings } from './go-json.ts'
import type { Id } from './id.ts'

export interface SnapshotSummary {
  backup_start: string
  backup_end: string
  files_new: number
  files_changed: number
  files_unmodified: number
  dirs_new: number
  dirs_changed: number
  dirs_unmodified: number
  data_blobs: number
  tree_blobs: number
  data_added: number
  data_added_packed: number
  total_files_processed: number
  total_bytes_processed: number
}

/** A snapshot file's content, field names as restic's. Absent values are null, '' or []. */
export interface Snapshot {
  time: string
  parent: Id | null
  tree: Id
  paths: string[]
  hostname: string
  username: string
  uid: number
  gid: number
  excludes: string[]
  tags: string[]
  original: Id | null
  programVersion: string
  summary: SnapshotSummary | null
}

/** A snapshot with the ID of its file. */
export interface SavedSnapshot extends Snapshot {
  readonly id: Id
}

export function encodeSnapshot(snapshot: Snapshot): Buffer {
  const { time, parent, tree, paths, hostname, username, uid, gid } = snapshot
  const { excludes, tags, original, programVersion, summary } = snapshot
  let json = `{"time":${jsonString(time)}`
  if (parent !== null) json += `,"parent":"${parent}"`
  json += `,"tree":"${tree}","paths":${jsonStrings(paths)}`
  if (hostname !== '') json += `,"hostname":${jsonString(hostname)}`
  if (username !== '') json += `,"username":${jsonString(username)}`
  if (uid !== 0) json += `,"uid":${uid}`
  if (gid !== 0) json += `,"gid":${gid}`
  if (excludes.length > 0) json += `,"excludes":${jsonStrings(excludes)}`
  if (tags.length > 0) json += `,"tags":${jsonStrings(tags)}`
  if (original !== null) json += `,"original":"${original}"`
  if (programVersion !== '') json += `,"program_version":${jsonString(programVersion)}`
  if (summary !== null) json += `,"summary":${summaryJson(summary)}`
  return Buffer.from(`${json}}`)
}

/** In restic's order; all are written, zeros too. */
const counts = [
  'files_new',
  'files_changed',
  'files_unmodified',
  'dirs_new',
  'dirs_changed',
  'dirs_unmodified',
  'data_blobs',
  'tree_blobs',
  'data_added',
  'data_added_packed',
  'total_files_processed',
  'total_bytes_processed',
] as const satisfies (keyof SnapshotSummary)[]

function summaryJson(summary: SnapshotSummary): string {
  const times = `"backup_start":${jsonString(summary.backup_start)},"backup_end":${jsonString(summary.backup_end)}`
  return `{${times},${counts.map(key => `"${key}":${summary[key]}`).join(',')}}`
}

function decodeSummary(value: unknown): SnapshotSummary | null {
  if (value === undefined || value === null) return null
  const what = 'the summary of a snapshot'
  const fields = asFields(what, value)
  const numbers = counts.map(key => [key, countField(fields, key, what, Number.MAX_SAFE_INTEGER, 0)] as const)
  return {
    backup_start: timeField(fields, 'backup_start', what),
    backup_end: timeField(fields, 'backup_end', what),
    ...(Object.fromEntries(numbers) as Record<(typeof counts)[number], number>),
  }
}

/** @throws {AppError} data_corrupt */
export function decodeSnapshot(json: Uint8Array): Snapshot {
  const what = 'a snapshot'
  const fields = decodeFields(what, json)
  return {
    time: timeField(fields, 'time', what),
    parent: idOrNullField(fields, 'parent', what),
    tree: idField(fields, 'tree', what),
    paths: textsField(fields, 'paths', what),
    hostname: textField(fields, 'hostname', what, ''),
    username: textField(fields, 'username', what, ''),
    uid: countField(fields, 'uid', what, maxUint32, 0),
    gid: countField(fields, 'gid', what, maxUint32, 0),
    excludes: textsField(fields, 'excludes', what),
    tags: textsField(fields, 'tags', what),
    original: idOrNullField(fields, 'original', what),
    programVersion: textField(fields, 'program_version', what, ''),
    summary: decodeSummary(fields['summary']),
  }
}
