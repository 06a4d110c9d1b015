// How fast the kernels are here: `node scripts/bench-kernels.ts`. MB/s (10^6), best of several rounds on 64 MiB.
import { createKernels } from '../src/main/engine/kernels/kernels.ts'
import type { Kernels } from '../src/main/engine/kernels/kernels.ts'
import { buildKernels } from './build-kernels.ts'

const dataBytes = 64 * 1024 * 1024
const rounds = 7
const polynomial = 0x3b33c2f232df77n
const inputs = { random, text }
const messageSizes = [64, 2048, 1024 * 1024]

await buildKernels()
for (const variant of ['plain', 'scalar', 'simd'] as const) {
  const kernels = createKernels({ variant, arenaBytes: dataBytes })
  const data = kernels.allocate(dataBytes)
  const figures = Object.entries({ ...chunkerFigures(kernels, data), ...macFigures(kernels, data) })
  const words = figures.map(([name, speed]) => `${name} ${speed.toFixed(0)}`)
  process.stdout.write(`${variant}: ${words.join(', ')}\n`)
}

function chunkerFigures(kernels: Kernels, data: Uint8Array) {
  const chunker = kernels.chunker(polynomial)
  return Object.fromEntries(
    Object.entries(inputs).map(([name, fill]) => {
      fill(data)
      const speed = best(data.length, () => {
        for (let at = 0; at < data.length;) at += chunker.firstChunk(data.subarray(at))
      })
      return [`chunker/${name}`, speed]
    }),
  )
}

function macFigures(kernels: Kernels, data: Uint8Array) {
  const mac = kernels.poly1305(new Uint8Array(16).fill(0x5a))
  const nonce = new Uint8Array(16)
  return Object.fromEntries(
    messageSizes.map(size => {
      const speed = best(data.length, () => {
        for (let at = 0; at < data.length; at += size) mac(nonce, data.subarray(at, at + size))
      })
      return [`poly1305/${size}`, speed]
    }),
  )
}

function best(bytes: number, work: () => void): number {
  let bestMs = Infinity
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    work()
    bestMs = Math.min(bestMs, performance.now() - start)
  }
  return bytes / bestMs / 1000
}

function random(data: Uint8Array): void {
  let x = 1
  for (let i = 0; i < data.length; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) | 0
    data[i] = x >>> 24
  }
}

/** Words of a small vocabulary in random order. */
function text(data: Uint8Array): void {
  random(data)
  const words = [
    'return ',
    'const ',
    'struct device ',
    'if (',
    ')\n\t',
    'static int ',
    '0x1f, ',
    '/* ',
    ' */\n',
  ]
  const bytes = words.map(word => Buffer.from(word))
  for (let at = 0; at < data.length;) {
    const word = bytes[data[at]! % bytes.length]!
    data.set(word.subarray(0, data.length - at), at)
    at += word.length
  }
}
