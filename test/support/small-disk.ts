import { execFileSync } from 'node:child_process'
import { mkdirSync, rmdirSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { test } from 'vitest'
import { isHere } from './needs.ts'
import { makeTemp, removeTree } from './tmp.ts'

export type DiskKind = 'tmpfs' | 'ext4'

export interface SmallDisk {
  readonly path: string
  /** To so many bytes; nothing may be open on it. */
  grow(sizeBytes: number): void
  unmount(): void
}

/** An empty file system of this size, mounted at `path`, which is made. Needs root. */
export function mountSmallDisk(path: string, kind: DiskKind, sizeBytes: number): SmallDisk {
  mkdirSync(path)
  if (kind === 'tmpfs') {
    run('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', path])
    return {
      path,
      grow: bytes => run('mount', ['-o', `remount,size=${bytes}`, path]),
      unmount() {
        run('umount', [path])
        rmdirSync(path)
      },
    }
  }
  const image = `${path}.image`
  writeFileSync(image, '')
  truncateSync(image, sizeBytes)
  run('mkfs.ext4', ['-q', '-m', '0', '-O', '^has_journal', image])
  const device = run('losetup', ['-f', '--show', image]).trim()
  try {
    run('mount', [device, path])
  } catch (error) {
    run('losetup', ['-d', device])
    throw error
  }
  return {
    path,
    grow(bytes) {
      truncateSync(image, bytes)
      run('umount', [path]) // to grow while mounted needs a right that root may lack in a container
      run('losetup', ['-c', device])
      run('e2fsck', ['-fp', device])
      run('resize2fs', [device])
      run('mount', [device, path])
    },
    unmount() {
      run('umount', [path])
      run('losetup', ['-d', device])
      unlinkSync(image)
      rmdirSync(path)
    },
  }
}

/** Why no file system of this kind can be mounted here, in words (a container may forbid it even to root); else null. */
export function whyNoDisk(kind: DiskKind): string | null {
  if (process.platform !== 'linux') return 'needs Linux'
  if (process.getuid?.() !== 0) return 'needs root, to mount a small file system'
  if (!isHere('mount')) return 'needs mount'
  if (kind === 'ext4' && !isHere('mkfs.ext4')) return 'needs e2fsprogs'
  const folder = makeTemp('mount')
  try {
    mountSmallDisk(`${folder}/disk`, kind, 4 << 20).unmount()
    return null
  } catch {
    return `needs leave to mount a small ${kind}`
  } finally {
    removeTree(folder)
  }
}

/** The `test` for what needs a small tmpfs: as `needs` decides, it skips where there can't be one, and fails in CI. */
export function needsSmallDisk(): typeof test {
  const reason = whyNoDisk('tmpfs')
  if (reason === null) return test
  if (process.env['CI'] === 'true')
    throw new Error(`Under CI=true nothing may be skipped, but this ${reason}`)
  test.skip(reason)
  return test.skip as typeof test
}

const run = (program: string, args: string[]): string =>
  execFileSync(program, args, {
    encoding: 'utf8',
    stdio: 'pipe',
    env: { PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
  })
