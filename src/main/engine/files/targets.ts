import nodePath, { type PlatformPath } from 'node:path'
import { joinRaw, rawFromText, type Raw } from '../format/raw.ts'

/** A folder of the snapshot's upper levels: on the way to the targets, or one of them. */
export interface TargetNode {
  name: Raw
  /** Where on disk its own metadata is read. */
  path: Raw
  /** true: everything below is meant; false: only `children` are. */
  whole: boolean
  /** The user wrote it, so no rule excludes it; false for what `.` and `/` stand for. */
  named: boolean
  children: Map<Raw, TargetNode>
}

/**
 * Arranges what the user named into the tree that a snapshot shows, with restic's rules: absolute paths keep all their
 * folders, relative ones their own without leading `..`; `.` stands for its entries; two different roots with the same
 * first name get `-1`, `-2`, …; a target inside another one is part of it.
 *
 * @param list the entries of a folder, needed for `.`, `..` and `/`
 * @see FORMAT "Root tree / target paths"; restic internal/archiver/tree.go
 */
export function arrangeTargets(
  paths: readonly string[],
  list: (folder: Raw) => Raw[],
  style: PlatformPath = nodePath,
): Map<Raw, TargetNode> {
  const top = new Map<Raw, TargetNode>()
  const roots = new Map<TargetNode, string>()
  for (const { target, named } of paths.flatMap(expanded)) {
    const { volume, parts } = components(target, style)
    const root = rootOf(target, style)
    const first = (volume ?? parts[0]!) as Raw
    let name = first
    for (let i = 1; top.has(name) && roots.get(top.get(name)!) !== root; i++) name = `${first}-${i}` as Raw
    let path = (volume === null ? style.join(root, parts[0]!) : root) as Raw
    let node = take(top, name, path)
    roots.set(node, root)
    for (const part of parts.slice(volume === null ? 1 : 0)) {
      path = joinRaw(path, part as Raw)
      node = take(node.children, part as Raw, path)
    }
    node.path = target
    node.whole = true
    node.named ||= named
  }
  return top

  function expanded(path: string): { target: Raw; named: boolean }[] {
    const target = style.normalize(rawFromText(path)) as Raw
    const { volume, parts } = components(target, style)
    if (parts.length > 0 || volume !== null) return [{ target: trimmed(target, style), named: true }]
    return list(target).map(name => ({ target: style.join(target, name) as Raw, named: false }))
  }
}

function take(nodes: Map<Raw, TargetNode>, name: Raw, path: Raw): TargetNode {
  const node = nodes.get(name) ?? { name, path, whole: false, named: false, children: new Map() }
  nodes.set(name, node)
  return node
}

const trimmed = (path: Raw, style: PlatformPath): Raw =>
  path.length > style.parse(path).root.length ? (path.replace(/[/\\]$/, '') as Raw) : path

/** The names a path is stored under; a Windows volume becomes the first of them, without its colon. */
function components(path: string, style: PlatformPath): { volume: string | null; parts: string[] } {
  const { root } = style.parse(path)
  const parts = path
    .slice(root.length)
    .split(style.sep === '\\' ? /[/\\]/ : '/')
    .filter(part => part !== '' && part !== '.' && part !== '..')
  const drive = /^([A-Za-z]):/.exec(root)?.[1]
  return { volume: style.sep === '\\' && root !== '' ? (drive ?? 'UNC') : null, parts }
}

function rootOf(path: string, style: PlatformPath): string {
  if (style.isAbsolute(path)) return style.parse(path).root
  const ups = path.split(style.sep).filter(part => part === '..')
  return ups.length > 0 ? ups.join(style.sep) : '.'
}

/** All targets below these nodes, however deep. */
export function* wholeTargets(nodes: Map<Raw, TargetNode>): Generator<TargetNode> {
  for (const node of nodes.values()) {
    if (node.whole) yield node
    yield* wholeTargets(node.children)
  }
}
