import { localTime, visible } from '../../../shared/wording.ts'
import { parseTime, type SavedSnapshot, shortId } from '../../engine/index.ts'

export const snapshotMs = (snapshot: SavedSnapshot): number => Number(parseTime(snapshot.time) / 1_000_000n)

/** `snapshot 1df6e8f2 of [/home] at 2026-11-21 03:53:54 by root@vm` */
export function describeSnapshot(snapshot: SavedSnapshot): string {
  const { id, paths, username, hostname } = snapshot
  const where = visible(paths.join(', '))
  return `snapshot ${shortId(id)} of [${where}] at ${localTime(snapshotMs(snapshot))} by ${visible(username)}@${visible(hostname)}`
}

/** A snapshot as restic's JSON has it: its fields in restic's order, empty ones left out. */
export function snapshotJson(snapshot: SavedSnapshot): Record<string, unknown> {
  const { time, parent, tree, paths, hostname, username, uid, gid, excludes, tags, original } = snapshot
  return {
    time,
    ...(parent !== null && { parent }),
    tree,
    paths,
    ...(hostname !== '' && { hostname }),
    ...(username !== '' && { username }),
    ...(uid !== 0 && { uid }),
    ...(gid !== 0 && { gid }),
    ...(excludes.length > 0 && { excludes }),
    ...(tags.length > 0 && { tags }),
    ...(original !== null && { original }),
    ...(snapshot.programVersion !== '' && { program_version: snapshot.programVersion }),
    ...(snapshot.summary !== null && { summary: snapshot.summary }),
    id: snapshot.id,
    short_id: shortId(snapshot.id),
  }
}
