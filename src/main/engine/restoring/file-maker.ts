import { closeSync, constants, fchmodSync, fchownSync, fstatSync, ftruncateSync, openSync } from 'node:fs'
import { loadLibc } from '../files/libc.ts'
import { applyMetadata } from '../files/metadata.ts'
import { textFromRaw, type Raw } from '../format/raw.ts'
import type { TreeNode } from '../format/tree.ts'
import type { Warning } from '../run.ts'
import type { FilePart } from '../workers/read-messages.ts'
import { appearedMeanwhile } from './failure.ts'
import type { Names } from './target.ts'
import { nodeOf, type Attributes, type WholeFile } from './whole-files.ts'
import { holeBytes, writeAroundHoles, writeFully } from './writing.ts'

/** Writes restored files, on the thread that has their content in hand. */
export interface FileMaker {
  /**
   * Makes a file of this content: under a temporary name, with its attributes, then its place.
   * @returns null when it is done; else where it waits: what lies in its place is for the caller to remove
   * @throws the error of `node:fs` or an AppError; nothing of the file stays
   */
  make(file: WholeFile, content: Uint8Array, warn: (warning: Warning) => void): Raw | null
  /** Writes a part of a larger file, which stays open until `rest`. */
  write(part: FilePart, content: Uint8Array): void
  rest(): void
}

/** setuid, setgid, sticky */
const specialBits = 0o7000
const noFollow = constants.O_NOFOLLOW ?? 0

export function createFileMaker(names: Names): FileMaker {
  const libc = loadLibc()
  const [ownUid, ownGid] = [process.geteuid?.() ?? -1, process.getegid?.() ?? -1]
  let likeLast = { folder: '/', permissions: -1, right: false }
  let open: { temporary: Raw; fd: number } | null = null
  let renamesToFree = libc !== null

  function fill(fd: number, content: Uint8Array, sizeBytes: number, at: number): void {
    if (sizeBytes > holeBytes) writeAroundHoles(fd, at, content)
    else if (content.length > 0) writeFully(fd, at, content)
  }

  /** Whether a file of ours may be seen as it will be while it is made. */
  const isOwnAndOpen = ({ uid, gid, permissions }: Attributes): boolean =>
    uid === ownUid && gid === ownGid && (permissions & specialBits) === 0

  /**
   * Sets what a file has not got by being made: in one folder all files of one kind are alike, so only the first is
   * looked at. @returns false where something is refused: by its path there is more that can be tried, and said
   */
  function setByDescriptor(fd: number, location: Raw, attributes: Attributes): boolean {
    const { uid, gid, permissions, atime, mtime } = attributes
    try {
      if (!isOwnAndOpen(attributes) || !isMadeRight(fd, location, attributes)) {
        fchownSync(fd, uid, gid)
        fchmodSync(fd, permissions)
      }
      libc!.setTimesOfFile(fd, atime, mtime)
      return true
    } catch {
      return false
    }
  }

  function isMadeRight(fd: number, location: Raw, { uid, gid, permissions }: Attributes): boolean {
    const folder = location.slice(0, location.lastIndexOf('/'))
    if (likeLast.folder !== folder || likeLast.permissions !== permissions) {
      const stat = fstatSync(fd)
      const right = stat.uid === uid && stat.gid === gid && (stat.mode & 0o7777) === permissions
      likeLast = { folder, permissions, right }
    }
    return likeLast.right
  }

  /** What appeared there meanwhile is not replaced. */
  function moveToFree(temporary: Raw, location: Raw): void {
    if (renamesToFree) {
      try {
        return names.reach(temporary, from => names.reach(location, to => libc!.renameToFree(from, to)))
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code === 'EEXIST') throw appearedMeanwhile()
        if (!cannotRenameSo.has(code ?? '')) throw error
        renamesToFree = false // not on this file system, or not with this library
      }
    }
    if (names.look(location) !== null) throw appearedMeanwhile()
    names.rename(temporary, location)
  }

  /** After a failure, which is the one to tell. */
  function removeQuietly(temporary: Raw): void {
    try {
      names.removeFile(temporary)
    } catch {
      // gone already, or the disk refuses everything by now
    }
  }

  function rest(): void {
    if (open === null) return
    const { fd } = open
    open = null
    closeSync(fd)
  }

  return {
    make({ location, attributes, replaces }, content, warn) {
      const temporary = names.temporary(location)
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | noFollow
      const mode = 'permissions' in attributes && isOwnAndOpen(attributes) ? attributes.permissions : 0o600
      const fd = names.reach(temporary, access => openSync(access, flags, mode))
      try {
        let node: TreeNode | null = null
        try {
          if (content.length > holeBytes) ftruncateSync(fd, content.length)
          fill(fd, content, content.length, 0)
          if (!('permissions' in attributes)) node = attributes
          else if (!setByDescriptor(fd, location, attributes)) node = nodeOf(attributes)
        } finally {
          closeSync(fd)
        }
        if (node !== null) {
          const found = node
          names.reach(temporary, access =>
            applyMetadata(access, found, { warn, path: textFromRaw(location) }),
          )
        }
        if (replaces) return temporary
        moveToFree(temporary, location)
        return null
      } catch (error) {
        removeQuietly(temporary)
        throw error
      }
    },

    write({ temporary, sizeBytes, at }, content) {
      if (open?.temporary !== temporary) {
        rest()
        const fd = names.reach(temporary, access => openSync(access, constants.O_WRONLY | noFollow))
        open = { temporary, fd }
      }
      fill(open.fd, content, sizeBytes, at)
    },

    rest,
  }
}

const cannotRenameSo: ReadonlySet<string> = new Set(['EINVAL', 'ENOSYS', 'ENOTSUP'])
