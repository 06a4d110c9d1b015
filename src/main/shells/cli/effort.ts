import { readdirSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { threadsFor } from '../../engine/index.ts'
import { linuxPower, linuxSupplies, unknownPower } from '../../services/scheduling/power.ts'
import { parseCount, parseSize } from './arguments.ts'
import type { Shell } from './shell.ts'

/** How much of the machine a command may take. */
export interface EffortOptions {
  memory?: number
  threads?: number
  lowPriority?: boolean
}

/** What the engine needs to know of it. */
export interface Effort {
  threads: number
  memoryBytes?: number
}

export function addEffortOptions(command: Command): Command {
  return command
    .optionsGroup('How much of the machine it takes:')
    .addOption(
      new Option('--memory <size>', 'about so much memory (default: $HOLDFAST_MEMORY, 300m)').argParser(
        parseMemory,
      ),
    )
    .addOption(
      new Option(
        '--threads <n>',
        'so many working threads (default: $HOLDFAST_THREADS, one per core; on battery half of them)',
      ).argParser(parseCount),
    )
    .option('--low-priority', 'give way to everything else on the machine')
    .optionsGroup('Options:')
}

/** Decides it, and lowers the priority where that is asked for. Call it before anything else. */
export async function startEffort(shell: Shell, options: EffortOptions): Promise<Effort> {
  if (options.lowPriority === true) giveWay()
  const { memory, threads } = shell.effort
  const memoryBytes = options.memory ?? fromEnvironment('HOLDFAST_MEMORY', memory, parseMemory)
  const setting = options.threads ?? fromEnvironment('HOLDFAST_THREADS', threads, parseCount) ?? null
  const power = process.platform === 'linux' ? linuxPower(linuxSupplies) : unknownPower
  const onBattery = setting === null && (await power.read()) === 'battery'
  return {
    threads: threadsFor({ setting, onBattery }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
  }
}

/** Less is no limit that could be kept: the program alone takes as much. */
const leastMemoryBytes = 100 * 1000 * 1000

function parseMemory(text: string): number {
  const bytes = parseSize(text)
  if (bytes < leastMemoryBytes) throw new InvalidArgumentError('The least there is to choose is 100m.')
  return bytes
}

function fromEnvironment<T>(
  name: string,
  text: string | undefined,
  parse: (text: string) => T,
): T | undefined {
  if (text === undefined || text === '') return undefined
  try {
    return parse(text)
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error
    throw new InvalidArgumentError(`${name} is “${text}”. ${error.message}`)
  }
}

/**
 * Of the whole process, as it has nothing else to do. On Linux a priority is each thread's own, and those there are
 * hand it down to those they start; reading and writing follow it. @see ioprio_set(2)
 */
function giveWay(): void {
  const low = constants.priority.PRIORITY_LOW
  if (process.platform !== 'linux') return setPriority(low)
  for (const thread of readdirSync('/proc/self/task')) setPriority(Number(thread), low)
}
