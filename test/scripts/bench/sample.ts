import type { Comparison, Cost, ToolResult } from '../../../scripts/bench/results.ts'

export const cost = (wallSeconds: number, cpuSeconds: number, peakMegabytes: number): Cost => ({
  wallSeconds,
  cpuSeconds,
  peakBytes: peakMegabytes * 1e6,
})

export const result = (tool: string, runs: Cost[], more: Partial<ToolResult> = {}): ToolResult => ({
  tool,
  runs,
  ...more,
})

/** Two scenarios, three programs, one of which failed in the second. */
export const comparison: Comparison = {
  at: '2026-11-21T05:00:00.000Z',
  machine: {
    processor: 'A <fast> one',
    cores: 2,
    memoryBytes: 24 * 2 ** 30,
    kernel: 'Linux 6.1',
    node: '24.0.0',
  },
  command: 'npm run bench',
  loadBefore: 0,
  rounds: 3,
  tools: [
    { name: 'Holdfast 1', kind: 'holdfast', keyDerivation: 'scrypt', remarks: '' },
    { name: 'restic 2', kind: 'restic', keyDerivation: 'scrypt', remarks: '' },
    { name: 'borg 3', kind: 'borg', keyDerivation: 'PBKDF2', remarks: '' },
  ],
  corpora: {},
  scenarios: [
    {
      id: 'first',
      title: 'First & foremost',
      corpus: 'text',
      floor: { read: 1, hash: 0.5 },
      tools: [
        result('Holdfast 1', [cost(4, 6, 300), cost(5, 6, 280), cost(20, 7, 290)], {
          repositoryBytes: 262e6,
        }),
        result('restic 2', [cost(10, 18, 130), cost(12, 18, 130), cost(14, 18, 130)], {
          repositoryBytes: 264e6,
        }),
        result('borg 3', [cost(20, 15, 100), cost(20, 15, 100), cost(20, 15, 100)], {
          repositoryBytes: 260e6,
        }),
      ],
    },
    {
      id: 'ls',
      title: 'List',
      corpus: 'text',
      tools: [
        result('Holdfast 1', [cost(0.5, 0.25, 90)]),
        result('restic 2', [cost(1, 0.75, 45)]),
        result('borg 3', [cost(1, 1, 1)], { failure: 'it fell over' }),
      ],
    },
  ],
}
