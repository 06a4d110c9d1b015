import type { ReactNode } from 'react'
import type { RetentionPolicy } from '../../shared/entities/plan.ts'
import { plural } from '../../shared/wording.ts'
import { ChipNumber, ChipText } from './Chip.tsx'
import { gigabyte, gigabytes, keepRules, withinWords, type KeepRule } from './keep-words.ts'

/** Chips of a retention policy, one per rule. */
export function KeepSentence({
  policy,
  rules,
  end = '',
  onChange,
}: {
  policy: RetentionPolicy
  /** Which rules have a chip. */
  rules: readonly KeepRule[]
  /** What follows the last one: a full stop. */
  end?: string
  onChange: (policy: RetentionPolicy) => void
}) {
  const shown = keepRules.filter(([rule]) => rules.includes(rule))
  return shown.map(([rule, words, unit], at) => (
    <Stopped key={rule} by={at < shown.length - 1 ? ',' : end}>
      <ChipNumber
        label={`Keep ${words}`}
        value={policy[rule]}
        min={0}
        max={10_000}
        unit={`${unit}s`}
        off={policy[rule] === 0}
        zero="None"
        shown={
          policy[rule] === 0
            ? `no ${unit}s`
            : rule === 'last'
              ? `the last ${policy.last}`
              : plural(policy[rule], unit)
        }
        onChange={next => onChange({ ...policy, [rule]: next })}
      />
    </Stopped>
  ))
}

/** A chip with the sign that follows it: a line never begins with one. */
const Stopped = ({ children, by }: { children: ReactNode; by: string }) => (
  <span style={{ display: 'inline-flex', alignItems: 'center', gap: 2 }}>
    {children}
    {by}
  </span>
)

/** "and [all of the last 30 days]". */
export function KeepWithin({
  policy,
  onChange,
}: {
  policy: RetentionPolicy
  onChange: (policy: RetentionPolicy) => void
}) {
  return (
    <ChipText
      label="Keep everything for (1y6m, 30d, 48h; empty for none)"
      value={policy.within ?? ''}
      read={text => (/^(\d+[ymdh])*$/.test(text.trim()) ? text.trim() : null)}
      wrong="Numbers with y, m, d or h: 1y6m, 30d."
      shown={policy.within === null ? 'no span in full' : `all of the last ${withinWords(policy.within)}`}
      onChange={text => onChange({ ...policy, within: text === '' ? null : text })}
    />
  )
}

/** "[50 GB] at most". */
export function KeepSize({
  policy,
  onChange,
}: {
  policy: RetentionPolicy
  onChange: (policy: RetentionPolicy) => void
}) {
  const limit = policy.maxSizeBytes
  return (
    <ChipNumber
      label="Largest size of all, in GB (0 for no limit)"
      value={Math.round((limit ?? 0) / gigabyte)}
      min={0}
      max={1_000_000}
      unit="GB"
      off={limit === null}
      zero="No limit"
      shown={limit === null ? 'any size' : `${gigabytes(limit)} at most`}
      onChange={size => onChange({ ...policy, maxSizeBytes: size === 0 ? null : size * gigabyte })}
    />
  )
}
