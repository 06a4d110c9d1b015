import { availableParallelism } from 'node:os'

/**
 * How many threads a run should use. Pure.
 * @param setting what somebody decided; null leaves it to the machine: every core, on battery half of them
 */
export const threadsFor = ({
  setting,
  onBattery,
  cores = availableParallelism(),
}: {
  setting: number | null
  onBattery: boolean
  cores?: number
}): number => setting ?? Math.max(1, onBattery ? Math.floor(cores / 2) : cores)
