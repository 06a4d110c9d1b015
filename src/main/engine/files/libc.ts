import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { rawFromBuffer, type Raw } from '../format/raw.ts'
import type { Instant } from '../format/time.ts'
import type { AccessPath } from './reach.ts'

/**
 * What `node:fs` lacks and a backup needs, straight from the C library. Everything is synchronous and throws an Error
 * with `code` ('EPERM', 'ENOTSUP', 'ENODATA' …) and `syscall` as `node:fs` does. No call follows a link at the end of
 * the path. Not reentrant, hence one per thread: a worker that imports this file gets its own.
 */
export interface Libc {
  /** In the order the system gives them. */
  listXattrs(path: AccessPath): Raw[]
  getXattr(path: AccessPath, name: Raw): Buffer
  setXattr(path: AccessPath, name: Raw, value: Uint8Array): void
  removeXattr(path: AccessPath, name: Raw): void
  setTimesNs(path: AccessPath, atimeNs: bigint, mtimeNs: bigint): void
  /** The same for an open file. */
  setTimesOfFile(fd: number, atime: Instant, mtime: Instant): void
  /** Fails with EEXIST where something has the new name; EINVAL or ENOSYS where this can't be had. */
  renameToFree(from: AccessPath, to: AccessPath): void
  /** `statMode` holds type and permissions as st_mode does; the umask applies. */
  mknod(path: AccessPath, statMode: number, device: bigint): void
  /** null when nobody has this number. */
  userName(uid: number): string | null
  groupName(gid: number): string | null
  /** Gives the system what memory was freed but is kept for later, of all threads. Does nothing where that can't be asked. */
  giveBackMemory(): void
}

let loaded: Libc | null | undefined
let problem: string | null = null

/** null where the C library cannot be reached; `libcProblem()` then says why. */
export function loadLibc(): Libc | null {
  if (loaded === undefined) {
    try {
      loaded = openLibc()
    } catch (error) {
      loaded = null
      problem = error instanceof Error ? error.message : String(error)
    }
  }
  return loaded
}

/** Why there is no libc, as the end of a sentence; null when there is one. */
export const libcProblem = (): string | null => (loadLibc() === null ? problem : null)

type Koffi = typeof import('koffi')
type Func = (name: string, result: string, values: string[]) => Native
type Native = (...values: (number | bigint | string | Uint8Array | null)[]) => number | bigint

/** Where Linux and macOS differ; each has one way to say "do not follow the last link". */
interface Platform {
  libraries: string[]
  atFdcwd: number
  noFollow: number
  modeType: string
  deviceType: string
  rename: (func: Func) => ((from: Uint8Array, to: Uint8Array) => number | bigint) | null
  xattr: (func: Func) => {
    list: (path: Uint8Array, out: Uint8Array, room: number) => number | bigint
    get: (path: Uint8Array, name: Uint8Array, out: Uint8Array, room: number) => number | bigint
    set: (path: Uint8Array, name: Uint8Array, value: Uint8Array) => number | bigint
    remove: (path: Uint8Array, name: Uint8Array) => number | bigint
  }
}

const linux: Platform = {
  // glibc; musl, whose linker also answers to the plain name.
  libraries: ['libc.so.6', `libc.musl-${muslArch()}.so.1`, 'libc.so'],
  atFdcwd: -100,
  noFollow: 0x100,
  modeType: 'uint32',
  deviceType: 'uint64',
  rename: func => {
    const RENAME_NOREPLACE = 1
    // glibc has it since 2.28, musl since 1.2.6.
    const rename = optional(() => func('renameat2', 'int', ['int', 'void *', 'int', 'void *', 'uint32']))
    return rename && ((from, to) => rename(linux.atFdcwd, from, linux.atFdcwd, to, RENAME_NOREPLACE))
  },
  xattr: func => {
    const list = func('llistxattr', 'int64', ['void *', 'void *', 'size_t'])
    const get = func('lgetxattr', 'int64', ['void *', 'void *', 'void *', 'size_t'])
    const set = func('lsetxattr', 'int', ['void *', 'void *', 'void *', 'size_t', 'int'])
    const remove = func('lremovexattr', 'int', ['void *', 'void *'])
    return {
      list,
      get,
      set: (path, name, value) => set(path, name, value, value.length, 0),
      remove,
    }
  },
}

const darwin: Platform = {
  libraries: ['/usr/lib/libSystem.B.dylib'],
  atFdcwd: -2,
  noFollow: 0x20,
  modeType: 'uint16',
  deviceType: 'int32',
  rename: func => {
    const RENAME_EXCL = 4
    const rename = optional(() => func('renamex_np', 'int', ['void *', 'void *', 'uint32']))
    return rename && ((from, to) => rename(from, to, RENAME_EXCL))
  },
  xattr: func => {
    const XATTR_NOFOLLOW = 1
    const list = func('listxattr', 'int64', ['void *', 'void *', 'size_t', 'int'])
    const get = func('getxattr', 'int64', ['void *', 'void *', 'void *', 'size_t', 'uint32', 'int'])
    const set = func('setxattr', 'int', ['void *', 'void *', 'void *', 'size_t', 'uint32', 'int'])
    const remove = func('removexattr', 'int', ['void *', 'void *', 'int'])
    return {
      list: (path, out, room) => list(path, out, room, XATTR_NOFOLLOW),
      get: (path, name, out, room) => get(path, name, out, room, 0, XATTR_NOFOLLOW),
      set: (path, name, value) => set(path, name, value, value.length, 0, XATTR_NOFOLLOW),
      remove: (path, name) => remove(path, name, XATTR_NOFOLLOW),
    }
  },
}

function optional<T>(load: () => T): T | null {
  try {
    return load()
  } catch {
    return null // an older library
  }
}

function muslArch(): string {
  const names: Partial<Record<NodeJS.Architecture, string>> = {
    x64: 'x86_64',
    arm64: 'aarch64',
    ppc64: 'powerpc64le',
  }
  return names[process.arch] ?? process.arch
}

function openLibc(): Libc {
  if (process.platform !== 'linux' && process.platform !== 'darwin') {
    throw new Error(`${process.platform === 'win32' ? 'Windows' : process.platform} is not served by it`)
  }
  // time_t and off_t have other sizes there.
  if (['arm', 'ia32', 'mips', 'mipsel'].includes(process.arch))
    throw new Error('32-bit systems are not served')
  const platform = process.platform === 'linux' ? linux : darwin

  const koffi = createRequire(import.meta.url)('koffi') as Koffi
  const library = openFirst(koffi, platform.libraries)
  const func = (name: string, result: string, values: string[]) =>
    library.func(name, result, values) as Native

  const xattr = platform.xattr(func)
  const utimensat = func('utimensat', 'int', ['int', 'void *', 'void *', 'int'])
  const futimens = func('futimens', 'int', ['int', 'void *'])
  const rename = platform.rename(func)
  const getpwuid = func('getpwuid_r', 'int', ['uint32', 'void *', 'void *', 'size_t', 'void *'])
  const getgrgid = func('getgrgid_r', 'int', ['uint32', 'void *', 'void *', 'size_t', 'void *'])
  const mknod = openMknod(func, platform)
  const trim = optional(() => func('malloc_trim', 'int', ['size_t'])) // glibc alone has it

  // Kept from call to call: a walk asks for the attributes of every file, and most have none.
  const pathBytes = Buffer.alloc(8192)
  const nameBytes = Buffer.alloc(1024)
  const otherPathBytes = Buffer.alloc(8192)
  const times = new BigInt64Array(4)
  const timeBytes = Buffer.from(times.buffer)
  let out = Buffer.alloc(65536)

  function check(result: number | bigint, syscall: string): number {
    if (result >= 0) return Number(result)
    throw failure(koffi.errno(), syscall)
  }

  /** Calls with a buffer that is grown for as long as the system finds it too small. */
  function fill(syscall: string, call: (room: Buffer) => number | bigint): Buffer {
    for (;;) {
      const length = Number(call(out))
      if (length >= 0) return out.subarray(0, length)
      const errno = koffi.errno()
      if (errno !== constants.errno.ERANGE || out.length >= 1 << 30) throw failure(errno, syscall)
      out = Buffer.alloc(out.length * 4)
    }
  }

  function lookUp(ask: Native): (id: number) => string | null {
    const names = new Map<number, string | null>()
    const record = Buffer.alloc(256)
    const found = new BigUint64Array(8)
    let room = Buffer.alloc(16384)
    return id => {
      let name = names.get(id)
      if (name !== undefined) return name
      for (;;) {
        const errno = Number(ask(id, record, room, room.length, new Uint8Array(found.buffer)))
        if (errno === constants.errno.ERANGE && room.length < 1 << 24) {
          room = Buffer.alloc(room.length * 4)
          continue
        }
        // The record begins with a pointer to the name.
        const pointer = new BigUint64Array(record.buffer, record.byteOffset, 1)[0]!
        name = errno === 0 && found[0] !== 0n ? (koffi.decode.string(pointer) as string) : null
        names.set(id, name)
        return name
      }
    }
  }

  function terminated(into: Buffer, bytes: AccessPath, syscall: string): Buffer {
    const length = typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length
    if (length >= into.length) throw failure(constants.errno.ENAMETOOLONG, syscall)
    if (typeof bytes === 'string') into.write(bytes, 0, 'utf8')
    else into.set(bytes, 0)
    into[length] = 0
    if (into.indexOf(0) !== length) throw failure(constants.errno.EINVAL, syscall)
    return into
  }
  const cPath = (path: AccessPath, syscall: string) => terminated(pathBytes, path, syscall)
  const cName = (name: Raw, syscall: string) => terminated(nameBytes, Buffer.from(name, 'latin1'), syscall)

  return {
    listXattrs(path) {
      const given = cPath(path, 'listxattr')
      const bytes = fill('listxattr', room => xattr.list(given, room, room.length))
      if (bytes.length === 0) return []
      // Each name ends with a NUL.
      return rawFromBuffer(bytes.subarray(0, -1)).split('\0') as Raw[]
    },
    getXattr(path, name) {
      const given = cPath(path, 'getxattr')
      const wanted = cName(name, 'getxattr')
      return Buffer.from(fill('getxattr', room => xattr.get(given, wanted, room, room.length)))
    },
    setXattr(path, name, value) {
      check(xattr.set(cPath(path, 'setxattr'), cName(name, 'setxattr'), value), 'setxattr')
    },
    removeXattr(path, name) {
      check(xattr.remove(cPath(path, 'removexattr'), cName(name, 'removexattr')), 'removexattr')
    },
    setTimesNs(path, atimeNs, mtimeNs) {
      splitTime(times, 0, atimeNs)
      splitTime(times, 2, mtimeNs)
      const given = cPath(path, 'utimensat')
      check(utimensat(platform.atFdcwd, given, timeBytes, platform.noFollow), 'utimensat')
    },
    setTimesOfFile(fd, atime, mtime) {
      times[0] = BigInt(atime.seconds)
      times[1] = BigInt(atime.ns)
      times[2] = BigInt(mtime.seconds)
      times[3] = BigInt(mtime.ns)
      check(futimens(fd, timeBytes), 'futimens')
    },
    renameToFree(from, to) {
      if (rename === null) throw failure(constants.errno.ENOSYS, 'rename')
      const given = cPath(from, 'rename')
      check(rename(given, terminated(otherPathBytes, to, 'rename')), 'rename')
    },
    mknod(path, statMode, device) {
      check(mknod(cPath(path, 'mknod'), statMode, device), 'mknod')
    },
    userName: lookUp(getpwuid),
    groupName: lookUp(getgrgid),
    giveBackMemory: () => void trim?.(0),
  }
}

function openFirst(koffi: Koffi, names: readonly string[]) {
  const reasons: string[] = []
  for (const name of names) {
    try {
      return koffi.load(name)
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error))
    }
  }
  throw new Error(reasons.join('; '))
}

function openMknod(
  func: (name: string, result: string, values: string[]) => Native,
  { modeType, deviceType }: Platform,
): (path: Uint8Array, mode: number, device: bigint) => number | bigint {
  try {
    return func('mknod', 'int', ['void *', modeType, deviceType])
  } catch {
    // glibc before 2.33 exports only this one: a version number in front, the device behind a pointer.
    const old = func('__xmknod', 'int', ['int', 'void *', 'uint32', 'void *'])
    return (path, mode, device) => old(0, path, mode, new Uint8Array(BigUint64Array.of(device).buffer))
  }
}

/** A timespec: whole seconds rounded down, so that the rest is never negative before 1970 either. */
function splitTime(into: BigInt64Array, at: number, ns: bigint): void {
  const rest = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
  into[at] = (ns - rest) / 1_000_000_000n
  into[at + 1] = rest
}

const codes = new Map<number, string>(Object.entries(constants.errno).map(([code, errno]) => [errno, code]))
// Two names share a number: these are the ones `node:fs` uses.
codes.set(constants.errno.ENOTSUP, 'ENOTSUP')
codes.set(constants.errno.EAGAIN, 'EAGAIN')
// macOS has a number of its own (ENOATTR) for what Linux calls ENODATA.
if (process.platform === 'darwin') codes.set(93, 'ENODATA')

function failure(errno: number, syscall: string): NodeJS.ErrnoException {
  const code = codes.get(errno) ?? `E${errno}`
  return Object.assign(new Error(`${code}: ${syscall} failed`), { code, errno: -errno, syscall })
}
