/** What a run found: the shape of docs/performance.json. Seconds and bytes throughout. */

export interface Results {
  /** Each part may come from another run; each says on which machine and when. */
  comparison?: Comparison
  growth?: Growth
}

export interface Occasion {
  /** ISO 8601, UTC. */
  at: string
  machine: Machine
  /** Options as given, without paths. */
  command: string
  /** Programs that wanted a processor in the minute before; 0 is a quiet machine. */
  loadBefore: number
}

export interface Machine {
  processor: string
  cores: number
  memoryBytes: number
  kernel: string
  node: string
}

export interface Comparison extends Occasion {
  rounds: number
  /** Holdfast first. */
  tools: ToolFacts[]
  corpora: Record<string, CorpusFacts>
  scenarios: ScenarioResult[]
}

export interface ToolFacts {
  name: string
  kind: 'holdfast' | 'restic' | 'borg'
  /** How the password becomes a key, and what that costs. */
  keyDerivation: string
  remarks: string
}

export interface CorpusFacts {
  about: string
  files: number
  bytes: number
}

export interface ScenarioResult {
  id: string
  title: string
  corpus: string
  tools: ToolResult[]
  floor?: Floor
}

export interface ToolResult {
  tool: string
  runs: Cost[]
  /** After the work; absent where it only reads. */
  repositoryBytes?: number
  /** Why there are no figures, or none to be trusted. */
  failure?: string
}

/** One run of one program with all its children. */
export interface Cost {
  wallSeconds: number
  /** User and system. */
  cpuSeconds: number
  /** Of the whole process tree, resident. */
  peakBytes: number
  /** p99, where the program printed it. */
  loopDelayMs?: number
}

/** CPU seconds of the work that no program can leave out, a stage each. */
export type Floor = Record<string, number>

export interface Growth extends Occasion {
  files: GrowthRow[]
  blobs: GrowthRow[]
}

export interface GrowthRow {
  count: number
  work: string
  tool: string
  cost: Cost
  failure?: string
}
