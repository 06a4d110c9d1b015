/** How fast bytes go by, and when that lets one foretell the end. */
export interface Pace {
  add(nowMs: number, doneBytes: number): void
  /** Over the last ten seconds; null until there is something to measure. */
  bytesPerSecond(): number | null
  /** null while the pace is too young or too uneven to tell. */
  msLeft(totalBytes: number): number | null
}

const windowMs = 10_000
const matureMs = 3_000

export function createPace(): Pace {
  let samples: { at: number; bytes: number }[] = []

  const speed = (from: number, to: number): number => {
    const [first, last] = [samples[from]!, samples[to]!]
    return last.at > first.at ? ((last.bytes - first.bytes) / (last.at - first.at)) * 1000 : 0
  }

  return {
    add: (nowMs, doneBytes) => {
      samples.push({ at: nowMs, bytes: doneBytes })
      // one sample older than the window stays: the window is then always full
      const stale = samples.findLastIndex(sample => sample.at < nowMs - windowMs)
      if (stale > 0) samples = samples.slice(stale)
    },
    bytesPerSecond: () => {
      const last = samples.length - 1
      if (last < 1 || samples[last]!.at - samples[0]!.at < 500) return null
      return speed(0, last)
    },
    msLeft: totalBytes => {
      const last = samples.length - 1
      if (last < 2 || samples[last]!.at - samples[0]!.at < matureMs) return null
      const middle = samples.findIndex(sample => sample.at >= (samples[0]!.at + samples[last]!.at) / 2)
      const [earlier, later] = [speed(0, middle), speed(middle, last)]
      // a pace that has just doubled or halved says nothing about the end
      if (earlier <= 0 || later <= 0 || later / earlier > 2.5 || earlier / later > 2.5) return null
      const left = ((totalBytes - samples[last]!.bytes) / speed(0, last)) * 1000
      return Math.max(0, left)
    },
  }
}
