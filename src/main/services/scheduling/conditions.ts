import type { StoredPlan } from '../catalogue/catalogue.ts'
import type { Network } from './network.ts'
import type { Power } from './power.ts'

/** What holds a run back that is due. */
export interface ConditionWatch {
  /** Why the plan may not start now, as a sentence for people; null when it may. Asks anew each time, for seconds at most. */
  unmet(plan: StoredPlan): Promise<string | null>
  /** Calls when an answer may have changed. Returns its end. */
  onChange(listener: () => void): () => void
  /** What the plan asks for and this machine cannot tell, and what is assumed instead; a sentence each. */
  notes(plan: StoredPlan): Promise<string[]>
}

export interface ConditionPorts {
  readonly power: Power
  readonly network: Network
  /**
   * Why a destination is not there, as a sentence ("The drive with “Photos” is not connected: /mnt/photos is not
   * there."); null when it is. One that hangs, as dead network drives do, is given up after `patienceMs`.
   */
  readonly presence: (destinationId: string) => Promise<string | null>
}

const patienceMs = 10_000

async function within<T>(ms: number, asked: Promise<T>, otherwise: T): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<T>()
  const timer = setTimeout(() => resolve(otherwise), ms)
  try {
    return await Promise.race([asked, promise])
  } finally {
    clearTimeout(timer)
  }
}

export const createConditions = ({ power, network, presence }: ConditionPorts): ConditionWatch => ({
  async unmet({ conditions, destinationIds }) {
    const [source, link, ...absent] = await Promise.all([
      conditions.acPower ? power.read() : 'ac',
      conditions.unmeteredNetwork ? network.read() : 'unmetered',
      ...destinationIds.map(id =>
        within(
          patienceMs,
          presence(id),
          'The destination does not answer; is it a network drive that is away?',
        ),
      ),
    ])
    if (source === 'battery') return 'Waiting until the computer is on AC power.'
    if (link === 'metered') return 'Waiting for a network that is not metered.'
    return absent.find(reason => reason !== null) ?? null
  },

  onChange(listener) {
    const ends = [power.onChange(listener), network.onChange(listener)]
    return () => ends.forEach(end => end())
  },

  async notes({ conditions }) {
    const notes: string[] = []
    if (conditions.acPower && (await power.read()) === 'unknown')
      notes.push('Whether the computer is on AC power can not be told here; it is taken to be.')
    if (conditions.unmeteredNetwork && (await network.read()) === 'unknown')
      notes.push('Whether the network is metered can not be told here; it is taken not to be.')
    return notes
  },
})
