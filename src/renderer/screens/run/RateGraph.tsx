import { localTime, rate as rateWords } from '../../../shared/wording.ts'
import type { Rate } from './rates.ts'
import classes from './RunView.module.css'

const [width, height, left, bottom] = [760, 150, 76, 22]

/** A round number above `value`, so that the axis can be read. */
export function ceiling(value: number): number {
  const unit = 2 ** (10 * Math.max(0, Math.floor(Math.log2(Math.max(1, value)) / 10)))
  const scaled = value / unit
  const step = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024].find(size => size >= scaled) ?? 1024
  return step * unit
}

/** How fast it reads, a step a second. */
export function RateGraph({ rates }: { rates: readonly Rate[] }) {
  const last = rates.at(-1)!
  const first = rates[0]!
  const top = ceiling(Math.max(1024, ...rates.map(({ bytesPerSecond }) => bytesPerSecond)))
  const span = Math.max(10_000, last.atMs - first.atMs)
  const x = (ms: number) => left + ((ms - first.atMs) / span) * (width - left - 8)
  const y = (value: number) => 6 + (1 - value / top) * (height - bottom - 6)
  const points = rates.map(
    ({ atMs, bytesPerSecond }) => `${x(atMs).toFixed(1)},${y(bytesPerSecond).toFixed(1)}`,
  )
  const average = rates.reduce((sum, { bytesPerSecond }) => sum + bytesPerSecond, 0) / rates.length
  return (
    <section>
      <div className={classes['logHead']}>
        <h3>Rate</h3>
        <span className={classes['quiet']}>
          <strong>{rateWords(last.bytesPerSecond)}</strong> now · <strong>{rateWords(average)}</strong>{' '}
          average
        </span>
      </div>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        width="100%"
        role="img"
        aria-label={`Rate: now ${rateWords(last.bytesPerSecond)}, on average ${rateWords(average)}`}
      >
        {[0, 0.5, 1].map(share => (
          <g key={share}>
            <line x1={left} x2={width - 8} y1={y(top * share)} y2={y(top * share)} stroke="var(--hf-line)" />
            <text x={left - 8} y={y(top * share) + 4} textAnchor="end" fontSize="11" fill="var(--hf-ink3)">
              {share === 0 ? '0' : rateWords(top * share)}
            </text>
          </g>
        ))}
        <polygon
          points={`${x(first.atMs)},${y(0)} ${points.join(' ')} ${x(last.atMs)},${y(0)}`}
          fill="var(--hf-accent)"
          opacity="0.1"
        />
        <polyline points={points.join(' ')} fill="none" stroke="var(--hf-accent)" strokeWidth="1.5" />
        <circle cx={x(last.atMs)} cy={y(last.bytesPerSecond)} r="3" fill="var(--hf-accent)" />
        <text x={left} y={height - 4} fontSize="11" fill="var(--hf-ink3)">
          {localTime(first.atMs).slice(11)}
        </text>
        <text x={x(last.atMs)} y={height - 4} fontSize="11" fill="var(--hf-ink3)" textAnchor="end">
          now
        </text>
      </svg>
    </section>
  )
}
