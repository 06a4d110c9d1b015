import { corrupt } from './corrupt.ts'
import { quoteInexact } from './exact-json.ts'
import {
  asFields,
  bytesField,
  countField,
  idField,
  idsField,
  listField,
  maxUint32,
  parseJson,
  textField,
  textOf,
  timeField,
  wrongField,
} from './fields.ts'
import type { Fields } from './fields.ts'
import { jsonString, jsonStringOfRaw } from './go-json.ts'
import { goQuote, goUnquote } from './go-quote.ts'
import type { Id } from './id.ts'
import { partsOfTree } from './large-tree.ts'
import { bufferFromRaw, compareRaw, rawFromBuffer, rawFromText, textFromRaw } from './raw.ts'
import type { Raw } from './raw.ts'

const nodeTypes = ['file', 'dir', 'symlink', 'dev', 'chardev', 'fifo', 'socket', 'irregular'] as const
export type NodeType = (typeof nodeTypes)[number]

export interface Xattr {
  readonly name: Raw
  readonly value: Uint8Array
}

/** One entry of a folder, as restic stores it (FORMAT: trees). Absent values are 0, '' or null. */
export interface TreeNode {
  name: Raw
  type: NodeType
  /** Go's os.FileMode bits, see format/mode.ts; not st_mode. */
  mode: number
  /** RFC 3339 with nanoseconds in the zone of the machine that wrote it; compare as instants (format/time.ts). */
  mtime: string
  atime: string
  ctime: string
  uid: number
  gid: number
  user: string
  group: string
  inode: bigint
  deviceId: bigint
  /** Bytes; of files only. A restored file's length is the sum of its blobs, never this. */
  size: number
  /** st_nlink; 0 for folders, fifos and sockets. */
  links: number
  linkTarget: Raw | null
  xattrs: readonly Xattr[]
  /** Windows attributes as raw JSON text, kept as they came. */
  genericAttributes: string | null
  /** st_rdev of device nodes. */
  device: bigint
  /**
   * Data blobs in order; [] for an empty file; null for everything that is not a file. A file with null comes
   * only from a faulty writer: its content is unknown, not empty.
   */
  content: readonly Id[] | null
  /** Never null for a folder that was decoded. */
  subtree: Id | null
  error: string
}

/** What may stand in a folder. Anything else could lead a restore out of its target. */
const isName = (name: Raw): boolean =>
  name !== '' && name !== '.' && name !== '..' && !name.includes('/') && !name.includes('\0')

const show = (name: Raw): string => JSON.stringify(textFromRaw(name).slice(0, 80))

/** The same nodes in the order of their names' bytes. @throws {AppError} data_corrupt two of one name */
function sorted(nodes: readonly TreeNode[]): readonly TreeNode[] {
  const inOrder = nodes.every((node, i) => i === 0 || nodes[i - 1]!.name < node.name)
  if (inOrder) return nodes
  const list = nodes.toSorted((a, b) => compareRaw(a.name, b.name))
  const twice = list.find((node, i) => i > 0 && list[i - 1]!.name === node.name)
  if (twice !== undefined) throw corrupt(`A folder has two entries named ${show(twice.name)}.`)
  return list
}

const xattrJson = ({ name, value }: Xattr): string =>
  `{"name":${jsonStringOfRaw(name)},"value":"${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')}"}`

/** Bytes that are not UTF-8 can't be JSON text, so they are stored beside what is readable of them. */
function linkTargetJson(target: Raw): string {
  const json = `,"linktarget":${jsonStringOfRaw(target)}`
  const exact = rawFromText(textFromRaw(target)) === target
  return exact ? json : `${json},"linktarget_raw":"${bufferFromRaw(target).toString('base64')}"`
}

const ofWindows = 'the Windows attributes of an entry of a folder'

/** @throws {AppError} data_corrupt not one JSON object: it would make the whole folder unreadable */
function checkGenericAttributes(text: string): string {
  asFields(ofWindows, parseJson(ofWindows, text))
  return text
}

/**
 * A node's JSON up to its content: every key in restic's order, each left out exactly where restic leaves it out, for
 * the tree's ID depends on it. @throws {AppError} data_corrupt a name that no folder can hold
 */
export function nodeHead(node: TreeNode): string {
  if (!isName(node.name)) throw corrupt(`A folder can't have an entry named ${show(node.name)}.`)
  let json = `{"name":${jsonString(goQuote(node.name))},"type":"${node.type}"`
  if (node.mode !== 0) json += `,"mode":${node.mode}`
  json += `,"mtime":"${node.mtime}","atime":"${node.atime}","ctime":"${node.ctime}"`
  json += `,"uid":${node.uid},"gid":${node.gid}`
  if (node.user !== '') json += `,"user":${jsonString(node.user)}`
  if (node.group !== '') json += `,"group":${jsonString(node.group)}`
  if (node.inode !== 0n) json += `,"inode":${node.inode}`
  if (node.deviceId !== 0n) json += `,"device_id":${node.deviceId}`
  if (node.size !== 0) json += `,"size":${node.size}`
  if (node.links !== 0) json += `,"links":${node.links}`
  if (node.linkTarget !== null && node.linkTarget !== '') json += linkTargetJson(node.linkTarget)
  if (node.xattrs.length > 0) json += `,"extended_attributes":[${node.xattrs.map(xattrJson).join(',')}]`
  if (node.genericAttributes !== null) {
    json += `,"generic_attributes":${checkGenericAttributes(node.genericAttributes)}`
  }
  if (node.device !== 0n) json += `,"device":${node.device}`
  return json
}

/** What follows the head of a node. */
export function nodeTail(node: Pick<TreeNode, 'content' | 'subtree' | 'error'>): string {
  let json = ''
  if (node.content === null) json += ',"content":null'
  else json += node.content.length === 0 ? ',"content":[]' : `,"content":["${node.content.join('","')}"]`
  if (node.subtree !== null) json += `,"subtree":"${node.subtree}"`
  if (node.error !== '') json += `,"error":${jsonString(node.error)}`
  return `${json}}`
}

/** Trees are built and read by parts of this size: V8 has no strings above 512 MiB. */
const partBytes = 64 * 1024 * 1024

/** The exact bytes of a tree blob; nodes in any order. @throws {AppError} data_corrupt two nodes of one name */
export function encodeTree(nodes: readonly TreeNode[], part = partBytes): Buffer {
  const parts: Buffer[] = []
  let text = '{"nodes":['
  let separator = ''
  for (const node of sorted(nodes)) {
    text += separator + nodeHead(node) + nodeTail(node)
    separator = ','
    if (text.length < part) continue
    parts.push(Buffer.from(text))
    text = ''
  }
  parts.push(Buffer.from(`${text}]}\n`))
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
}

const ofNode = 'an entry of a folder'

function nodeTypeField(fields: Fields): NodeType {
  const value = fields['type']
  const type = nodeTypes.find(known => known === value)
  if (type === undefined) throw wrongField(ofNode, 'type', 'a known kind of file', value)
  return type
}

function nameField(fields: Fields): Raw {
  const quoted = textField(fields, 'name', ofNode)
  const name = goUnquote(quoted)
  if (name === null || !isName(name)) throw wrongField(ofNode, 'name', 'the name of a file', quoted)
  return name
}

const longUint64 = /^[1-9]\d{15,19}$/

/** A number, or the digits that `quoteInexact` put in quotes. */
function uint64Field(fields: Fields, key: string): bigint {
  const value = fields[key]
  if (value === undefined || value === null) return 0n
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value)
  if (typeof value === 'string' && longUint64.test(value)) {
    const exact = BigInt(value)
    if (exact < 2n ** 64n) return exact
  }
  throw wrongField(ofNode, key, 'a whole number of 64 bits', value)
}

function linkTargetField(fields: Fields): Raw | null {
  const bytes = bytesField(fields, 'linktarget_raw', ofNode)
  const target =
    bytes.length > 0 ? rawFromBuffer(bytes) : rawFromText(textField(fields, 'linktarget', ofNode, ''))
  if (target.includes('\0')) throw wrongField(ofNode, 'linktarget', 'a path', textFromRaw(target))
  return target === '' ? null : target
}

function decodeXattr(value: unknown): Xattr {
  const what = 'an extended attribute in a folder'
  const fields = asFields(what, value)
  const name = textField(fields, 'name', what)
  if (name === '' || name.includes('\0')) throw wrongField(what, 'name', 'the name of an attribute', name)
  return { name: rawFromText(name), value: bytesField(fields, 'value', what) }
}

const noXattrs: readonly Xattr[] = []
const xattrsField = (fields: Fields): readonly Xattr[] =>
  fields['extended_attributes'] === undefined
    ? noXattrs
    : listField(fields, 'extended_attributes', ofNode).map(decodeXattr)

/** The text that `quoteInexact` put in quotes. */
function genericAttributesField(fields: Fields): string | null {
  const value = fields['generic_attributes']
  if (value === undefined || value === null) return null
  return checkGenericAttributes(textField(fields, 'generic_attributes', ofNode))
}

function decodeNode(value: unknown): TreeNode {
  const fields = asFields(ofNode, value)
  const type = nodeTypeField(fields)
  const hasContent = type === 'file' && fields['content'] !== undefined && fields['content'] !== null
  return {
    name: nameField(fields),
    type,
    mode: countField(fields, 'mode', ofNode, maxUint32, 0),
    mtime: timeField(fields, 'mtime', ofNode),
    atime: timeField(fields, 'atime', ofNode),
    ctime: timeField(fields, 'ctime', ofNode),
    uid: countField(fields, 'uid', ofNode, maxUint32, 0),
    gid: countField(fields, 'gid', ofNode, maxUint32, 0),
    user: textField(fields, 'user', ofNode, ''),
    group: textField(fields, 'group', ofNode, ''),
    inode: uint64Field(fields, 'inode'),
    deviceId: uint64Field(fields, 'device_id'),
    size: countField(fields, 'size', ofNode, Number.MAX_SAFE_INTEGER, 0),
    links: countField(fields, 'links', ofNode, Number.MAX_SAFE_INTEGER, 0),
    linkTarget: linkTargetField(fields),
    xattrs: xattrsField(fields),
    genericAttributes: genericAttributesField(fields),
    device: uint64Field(fields, 'device'),
    content: hasContent ? idsField(fields, 'content', ofNode) : null,
    subtree: type === 'dir' ? idField(fields, 'subtree', ofNode) : null,
    error: textField(fields, 'error', ofNode, ''),
  }
}

function decodeWhole(bytes: Uint8Array): TreeNode[] {
  const what = 'a folder'
  const fields = asFields(what, parseJson(what, quoteInexact(textOf(what, bytes))))
  if (!('nodes' in fields)) throw corrupt('The content of a folder has no list of entries.')
  return listField(fields, 'nodes', what).map(decodeNode)
}

function decodeByParts(bytes: Uint8Array, part: number): TreeNode[] {
  const nodes: TreeNode[] = []
  for (const text of partsOfTree(bytes, part)) {
    const values = parseJson('a folder', quoteInexact(text)) as unknown[]
    if (values.length === 0 && nodes.length > 0)
      throw corrupt('The list of entries of a large folder is cut off.')
    for (const value of values) nodes.push(decodeNode(value))
  }
  return nodes
}

/**
 * The entries in the order of their names' bytes, whatever order they are stored in.
 * @throws {AppError} data_corrupt not a tree, a field of the wrong shape, or a name that is no file's
 */
export function decodeTree(bytes: Uint8Array, part = partBytes): TreeNode[] {
  const nodes = bytes.byteLength <= part ? decodeWhole(bytes) : decodeByParts(bytes, part)
  return sorted(nodes) as TreeNode[]
}
