import { cpus, release, totalmem, availableParallelism } from 'node:os'
import type { Machine } from './results.ts'

export const thisMachine = (): Machine => ({
  processor: cpus()[0]?.model.trim() || 'unknown processor',
  cores: availableParallelism(),
  memoryBytes: totalmem(),
  kernel: `${process.platform === 'linux' ? 'Linux' : process.platform} ${release().split('-')[0]}`,
  node: process.versions.node,
})

export const machineText = ({ processor, cores, memoryBytes, kernel, node }: Machine): string =>
  `${processor}, ${cores} cores, ${Math.round(memoryBytes / 2 ** 30)} GiB, ${kernel}, Node ${node}`
