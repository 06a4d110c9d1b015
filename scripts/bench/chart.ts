// The comparison as a picture: bars of how many times as long others take. Pure; colours follow the reader's theme.
import type { Comparison } from './results.ts'
import { times } from './tables.ts'
import { compare } from './statistics.ts'

const width = 760
const left = 210
const right = 64
const barHeight = 11
const barGap = 2
const rowGap = 16
const top = 74

interface Bar {
  peer: number
  what: 'wall' | 'cpu'
  value: number
}

/** null: nothing to compare with. */
export function chart(comparison: Comparison): string | null {
  const peers = comparison.tools.slice(1).map(({ name }) => name)
  const rows = comparison.scenarios.flatMap(scenario => {
    const bars = compare(scenario).peers.flatMap(({ result, ratio }): Bar[] => {
      if (!ratio) return []
      const peer = peers.indexOf(result.tool)
      return [
        { peer, what: 'wall', value: ratio.wall },
        { peer, what: 'cpu', value: ratio.cpu },
      ]
    })
    return bars.length > 0 ? [{ title: scenario.title, bars }] : []
  })
  if (rows.length === 0) return null

  const most = Math.max(1, ...rows.flatMap(({ bars }) => bars.map(({ value }) => value)))
  const step = stepFor(most)
  const end = Math.ceil(most / step) * step
  const x = (value: number) => round(left + (value / end) * (width - left - right))
  const parts: string[] = []
  let y = top
  for (const { title, bars } of rows) {
    const height = bars.length * (barHeight + barGap) - barGap
    parts.push(
      `<text class="row" x="${left - 10}" y="${y + height / 2 + 4}" text-anchor="end">${escape(title)}</text>`,
    )
    for (const { peer, what, value } of bars) {
      const tip = `${title}, ${peers[peer]}: ${times(value)} the ${what === 'wall' ? 'time' : 'CPU time'}`
      parts.push(
        `<rect class="p${peer % 4} ${what}" x="${left}" y="${y}" width="${round(x(value) - left)}" height="${barHeight}" rx="2"><title>${escape(tip)}</title></rect>`,
        `<text class="value" x="${x(value) + 4}" y="${y + barHeight - 2}">${times(value)}</text>`,
      )
      y += barHeight + barGap
    }
    y += rowGap - barGap
  }
  const bottom = y - rowGap + 6
  const grid = Array.from({ length: Math.round(end / step) + 1 }, (_, n) => n * step).map(value => {
    const place = x(value)
    const line = `<line class="${value === 1 ? 'one' : 'grid'}" x1="${place}" y1="${top - 6}" x2="${place}" y2="${bottom}"/>`
    return `${line}<text class="tick" x="${place}" y="${bottom + 15}" text-anchor="middle">${value}×</text>`
  })
  if (!Number.isInteger(1 / step)) {
    grid.push(`<line class="one" x1="${x(1)}" y1="${top - 6}" x2="${x(1)}" y2="${bottom}"/>`)
  }
  const height = bottom + 30
  const ours = comparison.tools[0]!.name
  const name = `How many times as long as ${ours} others take`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(name)}">
<style>
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-size: 15px; font-weight: 600 }
.tick, .note { fill: #57606a; font-size: 11px }
.value { font-size: 10px; fill: #57606a; stroke: #ffffff; stroke-width: 3; paint-order: stroke }
.back { fill: #ffffff }
.grid { stroke: #d8dee4 }
.one { stroke: #24292f; stroke-width: 1.5 }
.cpu { opacity: 0.55 }
.p0 { fill: #0b6e99 } .p1 { fill: #b3541e } .p2 { fill: #6a4c93 } .p3 { fill: #4d7c0f }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .tick, .note, .value { fill: #9da7b3 } .back { fill: #0d1117 } .value { stroke: #0d1117 } .grid { stroke: #30363d } .one { stroke: #e6edf3 }
.p0 { fill: #4fb3dd } .p1 { fill: #f0884f } .p2 { fill: #b79ae0 } .p3 { fill: #9ccc65 }
}
</style>
<rect class="back" width="${width}" height="${height}" rx="6"/>
<text class="title" x="16" y="26">${escape(name)}</text>
${legend(peers)}
${grid.join('\n')}
${parts.join('\n')}
</svg>
`
}

/** Full colour is the time on the clock, pale the CPU time. */
function legend(peers: readonly string[]): string {
  let x = 16
  return peers
    .map((peer, n) => {
      const label = `${peer}: wall, CPU`
      const swatches = `<rect class="p${n % 4} wall" x="${x}" y="40" width="12" height="12" rx="2"/><rect class="p${n % 4} cpu" x="${x + 15}" y="40" width="12" height="12" rx="2"/>`
      const text = `<text class="note" x="${x + 33}" y="50">${escape(label)}</text>`
      x += 33 + label.length * 6.4 + 18
      return swatches + text
    })
    .join('\n')
}

/** Five to ten lines, at round numbers. */
const stepFor = (most: number): number =>
  [0.5, 1, 2, 5, 10, 20, 50, 100].find(step => most / step <= 10) ?? most / 10

const round = (value: number): number => Math.round(value * 10) / 10

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
