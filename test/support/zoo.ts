import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  constants,
  ftruncateSync,
  lchownSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { noise } from './content.ts'
import { isHere } from './needs.ts'

const KiB = 1024
const MiB = 1024 * KiB

/** Every name a file may have that has broken some backup tool. Bytes, for some are not text. */
export const zooNames: Readonly<Record<string, Buffer>> = {
  composed: Buffer.from('caf\u00e9'),
  decomposed: Buffer.from('cafe\u0301'), // another file than the one above
  emoji: Buffer.from('family 👩‍👩‍👧‍👦 🏴󠁧󠁢󠁳󠁣󠁴󠁿'),
  cjk: Buffer.from('保持錨 백업'),
  rightToLeft: Buffer.from('گیره \u202e txt'),
  longAscii: Buffer.from('n'.repeat(255)),
  longUtf8: Buffer.from('é'.repeat(127) + 'x'), // 255 bytes, 128 characters
  latin1: Buffer.from('caf\u00e9', 'latin1'),
  invalid: Buffer.from([0x62, 0x61, 0x64, 0xff, 0xfe, 0xc3]),
  surrogate: Buffer.from([0xed, 0xa0, 0x80]), // an encoded surrogate: UTF-8 in shape only
  overlong: Buffer.from([0xc0, 0xaf]), // an overlong slash
  controls: Buffer.from([...Array.from({ length: 31 }, (_, n) => n + 1), 0x7f]),
  newline: Buffer.from('two\nlines\r\n'),
  quotes: Buffer.from(`'single' "double" \`back\``),
  backslash: Buffer.from('back\\slash\\x41\\n\\'),
  markup: Buffer.from('<b>&amp;<i>'),
  separators: Buffer.from('line\u2028paragraph\u2029'),
  invisible: Buffer.from('\u00a0nbsp\u200bzero\ufeffbom\u00adsoft'),
  replacement: Buffer.from('\ufffd'),
  privateUse: Buffer.from('\ue000\u{10fffd}'),
  glob: Buffer.from('*?[a-z]{x,y}!$HOME'),
  dash: Buffer.from('-rf'),
  tilde: Buffer.from('~'),
  dots: Buffer.from('...'),
  space: Buffer.from(' lead and trail '),
  windows: Buffer.from('C:\\aux.txt: <stream>. '),
  percent: Buffer.from('%2e%2e%2f%s%n'),
}

export interface ZooOptions {
  /** The nested folder whose paths exceed 4,096 bytes. restic 0.14 can't read it. Default true. */
  longPaths?: boolean
  /** Default true; left out on request where only names and metadata matter. */
  largeFiles?: boolean
}

/**
 * Fills the empty folder `root` with one of everything that a file system can hold and a backup must bring back
 * (but for files that change meanwhile, which need a test of their own). Deterministic except for inodes and ctimes.
 *
 * @returns what this machine could not make, in words: [] on Linux as root with `attr` and `acl`
 */
export async function buildZoo(root: string, options: ZooOptions = {}): Promise<string[]> {
  const missing: string[] = []
  const isRoot = process.getuid?.() === 0
  const folder = (name: string): string => {
    const path = join(root, name)
    mkdirSync(path)
    return path
  }

  const names = folder('names')
  for (const [label, name] of Object.entries(zooNames)) {
    writeFileSync(Buffer.concat([Buffer.from(`${names}/`), name]), `the one called ${label}`)
  }
  const folderNames = folder('folder-names')
  for (const label of ['composed', 'invalid', 'newline', 'backslash', 'separators', 'longUtf8']) {
    const path = Buffer.concat([Buffer.from(`${folderNames}/`), zooNames[label]!])
    mkdirSync(path)
    writeFileSync(Buffer.concat([path, Buffer.from('/inside')]), label)
  }

  const sizes = folder('sizes')
  const around = (bytes: number): number[] => [bytes - 1, bytes, bytes + 1]
  const large = options.largeFiles === false ? [] : around(8 * MiB)
  for (const bytes of [0, 1, ...around(512 * KiB), ...large]) {
    writeFileSync(join(sizes, `${bytes}`), noise(`size ${bytes}`, bytes))
  }
  writeFileSync(join(sizes, 'zeros'), Buffer.alloc(1 * MiB + 3)) // not sparse, all zero
  sparseFile(join(sizes, 'sparse'), 4 * MiB, [[1 * MiB + 100, noise('island', 300)]])
  sparseFile(join(sizes, 'only-a-hole'), 4 * MiB, [])
  sparseFile(join(sizes, 'hole-at-end'), 1 * MiB, [[0, noise('head', 5_000)]])

  const links = folder('links')
  writeFileSync(join(links, 'original'), 'one file, three names')
  linkSync(join(links, 'original'), join(links, 'second-name'))
  linkSync(join(links, 'original'), join(sizes, 'name-in-another-folder'))
  writeFileSync(join(links, 'empty-original'), '')
  linkSync(join(links, 'empty-original'), join(links, 'empty-second'))
  symlinkSync('original', join(links, 'to-file'))
  symlinkSync('../sizes', join(links, 'to-folder'))
  symlinkSync('itself', join(links, 'itself'))
  symlinkSync('ring-b', join(links, 'ring-a'))
  symlinkSync('ring-a', join(links, 'ring-b'))
  symlinkSync('.', join(links, 'dot'))
  symlinkSync('/nowhere/at all', join(links, 'dangling'))
  symlinkSync('../../../../../../../../etc/passwd', join(links, 'upwards'))
  symlinkSync('t'.repeat(4_095), join(links, 'long-target'))
  symlinkSync('ünïcode ☃ \u2028 <&>', join(links, 'unicode-target'))
  linkSync(join(links, 'dangling'), join(links, 'dangling-second-name')) // hard link to a symlink
  if (process.platform === 'linux')
    symlinkSync(Buffer.from([0x74, 0xff, 0xfe]), join(links, 'invalid-target'))

  const modes = folder('modes')
  for (const mode of [0o000, 0o400, 0o600, 0o755, 0o777, 0o4755, 0o2755, 0o6711, 0o1644]) {
    const path = join(modes, `file-${mode.toString(8).padStart(4, '0')}`)
    writeFileSync(path, `mode ${mode.toString(8)}`)
    if (mode !== 0 || isRoot) chmodSync(path, mode)
  }
  for (const mode of [0o700, 0o1777, 0o2755, 0o3770]) {
    const path = join(modes, `folder-${mode.toString(8).padStart(4, '0')}`)
    mkdirSync(path)
    chmodSync(path, mode)
  }
  folder('empty')

  const special = folder('special')
  execFileSync('mkfifo', ['-m', '0640', join(special, 'fifo')])
  await makeSocket(special, 'socket')
  if (isRoot) {
    execFileSync('mknod', ['-m', '0660', join(special, 'block-device'), 'b', '7', '200'])
    execFileSync('mknod', ['-m', '0666', join(special, 'null'), 'c', '1', '3'])
    execFileSync('mknod', [join(special, 'large-numbers'), 'c', '511', '1048575'])
  } else missing.push('device nodes (needs root)')

  const owners = folder('owners')
  if (isRoot) {
    writeFileSync(join(owners, 'unknown'), 'nobody here has this number')
    lchownSync(join(owners, 'unknown'), 54_321, 54_322)
    writeFileSync(join(owners, 'huge-number'), 'uid 2^32 - 2')
    lchownSync(join(owners, 'huge-number'), 4_294_967_294, 4_294_967_294)
    symlinkSync('unknown', join(owners, 'link'))
    lchownSync(join(owners, 'link'), 54_323, 54_324)
    writeFileSync(join(owners, 'suid-of-another'), 'chown after chmod would drop the bit')
    lchownSync(join(owners, 'suid-of-another'), 1, 1)
    chmodSync(join(owners, 'suid-of-another'), 0o4755)
  } else missing.push('foreign owners (needs root)')

  const attributes = folder('xattrs')
  writeFileSync(join(attributes, 'file'), 'x')
  mkdirSync(join(attributes, 'folder'))
  if (isHere('setfattr')) {
    const set = (path: string, name: string, hex: string): unknown =>
      execFileSync('setfattr', ['-h', '-n', name, '-v', hex, join(attributes, path)])
    set('file', 'user.comment', '0x68656c6c6f')
    set('file', 'user.binary', '0x00ff0a0d5c3d22')
    set('file', 'user.empty', '""')
    set('file', 'user.z.last=with equals é', '0x01')
    set('file', 'user.big', `0x${noise('xattr', 2_000).toString('hex')}`)
    set('folder', 'user.of.a.folder', '0x01')
    if (isRoot) {
      set('file', 'trusted.holdfast', '0x02')
      symlinkSync('file', join(attributes, 'link'))
      set('link', 'trusted.on.a.link', '0x03')
    } else missing.push('trusted xattrs (needs root)')
  } else missing.push('xattrs (needs attr)')
  if (isHere('setfacl')) {
    writeFileSync(join(attributes, 'acl'), 'x')
    execFileSync('setfacl', ['-m', 'u:12345:rw,g:12346:r', join(attributes, 'acl')])
    mkdirSync(join(attributes, 'default-acl'))
    execFileSync('setfacl', ['-d', '-m', 'u:12345:rwx', join(attributes, 'default-acl')])
  } else missing.push('ACLs (needs acl)')

  if (options.longPaths !== false && process.platform === 'linux') buildLongPath(root)

  const readOnly = folder('read-only')
  mkdirSync(join(readOnly, 'inner'))
  writeFileSync(join(readOnly, 'inner', 'file'), 'in a folder nobody may write to')
  chmodSync(join(readOnly, 'inner', 'file'), 0o400)
  chmodSync(join(readOnly, 'inner'), 0o555)
  chmodSync(readOnly, 0o555)

  setTimes(root)
  return missing
}

/** A file of `sizeBytes` that has only these parts on disk. */
function sparseFile(path: string, sizeBytes: number, parts: readonly (readonly [number, Buffer])[]): void {
  const fd = openSync(path, 'w')
  ftruncateSync(fd, sizeBytes)
  for (const [offset, bytes] of parts) writeSync(fd, bytes, 0, bytes.length, offset)
  closeSync(fd)
}

/** A socket's file outlives its server only under a second name: Node unlinks the first. */
async function makeSocket(folder: string, name: string): Promise<void> {
  const server = createServer()
  const fd = process.platform === 'linux' ? openSync(folder, constants.O_RDONLY) : null
  const bound = fd === null ? join(folder, 's') : `/proc/self/fd/${fd}/s` // socket paths end at 108 bytes
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(bound, resolve))
  linkSync(join(folder, 's'), join(folder, name))
  await new Promise(resolve => server.close(resolve))
  if (fd !== null) closeSync(fd)
}

/** Folders in folders until paths exceed 4,096 bytes, with a file, a link and an empty folder at the bottom. */
function buildLongPath(root: string): void {
  const open: number[] = [openSync(root, constants.O_RDONLY)]
  const here = (name: string): string => `/proc/self/fd/${open.at(-1)}/${name}`
  mkdirSync(here('long-path'))
  open.push(openSync(here('long-path'), constants.O_RDONLY))
  for (let level = 10; level < 30; level++) {
    const name = `${level}-${'é'.repeat(100)}` // 203 bytes a level, 4,060 with the slashes, and then some
    mkdirSync(here(name))
    writeFileSync(here(`beside-${level}`), `level ${level}`)
    open.push(openSync(here(name), constants.O_RDONLY))
  }
  mkdirSync(here('bottom-'.repeat(20)))
  open.push(openSync(here('bottom-'.repeat(20)), constants.O_RDONLY))
  writeFileSync(here('file'), noise('deep', 600 * KiB))
  linkSync(here('file'), here('second-name'))
  symlinkSync('file', here('link'))
  mkdirSync(here('empty'))
  execFileSync('mkfifo', ['fifo'], { cwd: here('.') })
  if (isHere('setfattr'))
    execFileSync('setfattr', ['-n', 'user.deep', '-v', '0x01', 'file'], { cwd: here('.') })
  for (const fd of open) closeSync(fd)
}

/** Times of every kind, to the nanosecond; last of all, for writing in a folder changes the folder's. */
function setTimes(root: string): void {
  const touch = (path: string, seconds: string): unknown =>
    execFileSync('touch', ['-h', '-d', `@${seconds}`, join(root, path)])
  const everything = ['.', '-depth', '-execdir', 'touch', '-h', '-d', '@1650000000.000123456', '{}', '+']
  execFileSync('find', everything, { cwd: root, env: { PATH: process.env['PATH'] } })
  mkdirSync(join(root, 'times'))
  const moments: Record<string, string> = {
    'before-1970': '-86400.5',
    'long-before-1970': '-1234567890.123456789',
    'one-ns-before-1970': '-0.000000001',
    epoch: '0',
    'trailing-zeros': '1709210096.100000000',
    'one-nanosecond': '1709210096.000000001',
    'almost-a-second': '1709210096.999999999',
    'summer-time-gap': '1711846800.25',
    'after-2038': '4102444800.000000007',
    'far-future': '15000000000.5', // 2445: more nanoseconds than 63 bits hold
  }
  for (const [name, seconds] of Object.entries(moments)) {
    writeFileSync(join(root, 'times', name), name)
    touch(`times/${name}`, seconds)
  }
  symlinkSync('epoch', join(root, 'times/link'))
  touch('times/link', '-99.000000099')
  mkdirSync(join(root, 'times/old-folder'))
  touch('times/old-folder', '-1.5')
  touch('special/fifo', '981173106.000000042')
  for (const [index, name] of readdirSync(root).sort().entries()) {
    touch(name, `${1_500_000_000 + index * 86_400}.00000000${(index % 9) + 1}`)
  }
  touch('read-only/inner', '1500000000.000000099')
  touch('.', '1234567890.987654321')
}
