import { createCipheriv } from 'node:crypto'
import {
  appendFile,
  chmod,
  link,
  mkdir,
  rename,
  rm,
  symlink,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'

/** What `makeSample` and `changeSample` put there, for the account. */
export interface Sample {
  files: number
  folders: number
  bytes: number
}

export interface Changes {
  edited: number
  added: number
  deleted: number
  renamed: number
  appendedBytes: number
}

const projects = 40
const filesPerProject = 75
const pictures = 60
const pictureBytes = 512 * 1024
const imageBytes = 40 * 1024 * 1024
const appendedBytes = 2 * 1024 * 1024
const atOnce = 16

/**
 * A folder as people have them: thousands of small texts, pictures that don't compress, an album there twice, a
 * large disk image; a symlink, a hard link and names that are no text. The same bytes every time.
 */
export async function makeSample(root: string, signal: AbortSignal): Promise<Sample> {
  const random = randomNumbers(1)
  const noise = randomBytes(1)
  const prose = makeProse(random)
  const sample: Sample = { files: 0, folders: 0, bytes: 0 }
  const jobs: (() => Promise<void>)[] = []
  const folder = async (path: string) => {
    await mkdir(join(root, path), { recursive: true })
    sample.folders += 1
  }
  const file = (path: string, content: Buffer) => {
    sample.files += 1
    sample.bytes += content.length
    // times of the last five years, so that nothing was written just now
    const modified = new Date(1_640_000_000_000 + Math.floor(random() * 1.4e11))
    jobs.push(async () => {
      await writeFile(join(root, path), content)
      await utimes(join(root, path), modified, modified)
    })
  }

  for (const path of [
    'projects',
    'pictures',
    'pictures/2025 summer',
    'pictures/best of (copy)',
    'machines',
    'odd',
  ]) {
    await folder(path)
  }
  for (let p = 0; p < projects; p++) {
    await folder(`projects/${projectName(p)}`)
    for (let f = 0; f < filesPerProject; f++) {
      // most are small, a few are not
      const size = 200 + Math.floor(random() ** 4 * 90_000)
      const from = Math.floor(random() * (prose.length - size))
      file(
        `projects/${projectName(p)}/note-${f}.md`,
        Buffer.concat([Buffer.from(`# ${p}.${f}\n`), prose.subarray(from, from + size)]),
      )
    }
  }
  for (let i = 0; i < pictures; i++) {
    const picture = noise(pictureBytes + Math.floor(random() * 4096))
    file(`pictures/2025 summer/IMG_${i}.jpg`, picture)
    if (i % 2 === 0) file(`pictures/best of (copy)/${i}.jpg`, picture)
  }
  // half data, half the emptiness that disk images are full of
  const image = Buffer.alloc(imageBytes)
  for (let at = 0; at < imageBytes; at += 4 * 1024 * 1024) noise(1024 * 1024).copy(image, at)
  file('machines/disk.img', image)
  file('odd/empty', Buffer.alloc(0))
  file('odd/Grüße 📦 — 備份.txt', Buffer.from('names are bytes\n'))
  file('odd/private', Buffer.from('for one pair of eyes\n'))
  await inBatches(jobs, signal)

  await chmod(join(root, 'odd/private'), 0o600)
  // not every file system or account can do these; what could not be made is not part of the sample
  const tries = [
    () => link(join(root, 'odd/private'), join(root, 'odd/hard link')),
    () => writeFile(join(root, 'odd/two\nlines'), 'a name may hold a line break\n'),
    () => writeFile(Buffer.concat([Buffer.from(join(root, 'odd/caf')), Buffer.from([0xe9])]), 'not UTF-8\n'),
  ]
  for (const attempt of tries)
    sample.files += await attempt().then(
      () => 1,
      () => 0,
    )
  await symlink('../pictures', join(root, 'odd/symlink')).catch(() => {})
  return sample
}

/** A day's work on the sample. */
export async function changeSample(root: string, signal: AbortSignal): Promise<Changes> {
  const noise = randomBytes(2)
  const jobs: (() => Promise<void>)[] = []
  const changes: Changes = { edited: 0, added: 0, deleted: 0, renamed: 0, appendedBytes }
  for (let p = 0; p < projects - 1; p += 2) {
    for (let f = 0; f < 5; f++) {
      const path = join(root, 'projects', projectName(p), `note-${f * 3}.md`)
      jobs.push(() => appendFile(path, `\nEdited the day after: line ${p}/${f}.\n`))
      changes.edited += 1
    }
    const fresh = join(root, 'projects', projectName(p), 'minutes.md')
    jobs.push(() => writeFile(fresh, `# Minutes of meeting ${p}\n`))
    changes.added += 1
  }
  for (let i = 0; i < 10; i++) {
    jobs.push(() => unlink(join(root, 'pictures/2025 summer', `IMG_${i * 3}.jpg`)))
    jobs.push(() => writeFile(join(root, 'pictures', `new-${i}.jpg`), noise(pictureBytes)))
    changes.deleted += 1
    changes.added += 1
  }
  await inBatches(jobs, signal)
  await rename(join(root, 'projects', projectName(projects - 1)), join(root, 'projects', 'a better name'))
  await rename(join(root, 'odd/Grüße 📦 — 備份.txt'), join(root, 'odd/Grüße.txt'))
  changes.renamed = filesPerProject + 1
  await appendFile(join(root, 'machines/disk.img'), noise(appendedBytes))
  await rm(join(root, 'odd/empty'))
  changes.deleted += 1
  return changes
}

const projectName = (p: number): string => `project ${String(p + 1).padStart(2, '0')}`

async function inBatches(jobs: (() => Promise<void>)[], signal: AbortSignal): Promise<void> {
  for (let i = 0; i < jobs.length; i += atOnce) {
    signal.throwIfAborted()
    await Promise.all(jobs.slice(i, i + atOnce).map(job => job()))
  }
}

/** mulberry32: small, good enough, the same everywhere. */
function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Bytes that don't compress, by the hundred megabytes a second. */
function randomBytes(seed: number): (size: number) => Buffer {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16))
  return size => cipher.update(Buffer.alloc(size))
}

/** A megabyte of something like text. */
function makeProse(random: () => number): Buffer {
  const syllables = [
    'ba',
    'cor',
    'den',
    'fi',
    'gra',
    'hol',
    'ken',
    'lo',
    'mi',
    'nu',
    'per',
    'que',
    'ras',
    'so',
    'tir',
    'un',
  ]
  const pick = <T>(from: T[]): T => from[Math.floor(random() * from.length)]!
  const words = Array.from({ length: 3000 }, () =>
    Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(syllables)).join(''),
  )
  let text = ''
  while (text.length < 2 ** 20) text += pick(words) + (random() < 0.1 ? '.\n' : ' ')
  return Buffer.from(text)
}
