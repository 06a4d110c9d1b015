import { inParallel } from '../parallel.ts'
import type { BlobPlaces } from '../blob-index.ts'
import type { Raw } from '../format/raw.ts'
import type { Readers } from '../workers/readers.ts'
import { spansOf, type Span } from './compare.ts'

/** What is to be held against its hashes once more. */
export interface Verifiable {
  readonly location: Raw
  /** Of its blobs. */
  readonly places: readonly number[]
}

/** What one job reads at most, unless a single span is longer. */
const jobBytes = 8 * 1024 * 1024
const jobSpans = 128

/**
 * Reads files again from the disk.
 * @returns those that are not what they should be: false, or a text that says why they can't be read
 */
export async function findDifferent(
  readers: Readers,
  files: readonly Verifiable[],
  places: BlobPlaces,
  signal: AbortSignal,
): Promise<Map<Verifiable, false | string>> {
  const different = new Map<Verifiable, false | string>()
  await inParallel(jobsFor(files, places), readers.atOnce, signal, async job => {
    const verdicts = await readers.perform({ kind: 'compare', spans: job.map(({ span }) => span) })
    for (const [nth, verdict] of verdicts.entries()) {
      if (verdict !== true) different.set(job[nth]!.file, verdict)
    }
  })
  return different
}

function* jobsFor(
  files: readonly Verifiable[],
  places: BlobPlaces,
): Generator<{ file: Verifiable; span: Span }[]> {
  let job: { file: Verifiable; span: Span }[] = []
  let bytes = 0
  for (const file of files) {
    for (const span of spansOf(file.location, file.places, places)) {
      job.push({ file, span })
      bytes += span.lengths.reduce((sum, length) => sum + length, 0)
      if (bytes < jobBytes && job.length < jobSpans) continue
      yield job
      job = []
      bytes = 0
    }
  }
  if (job.length > 0) yield job
}
