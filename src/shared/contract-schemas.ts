import { z } from 'zod'
import { events, methods, type EventName, type Method } from './contract.ts'
import { AppInfo, AuditEntry, Settings, Status, VaultInfo } from './entities/application.ts'
import { Destination, DestinationDraft, FoundPath, SnapshotInfo } from './entities/destination.ts'
import { Plan, PlanDraft } from './entities/plan.ts'
import { LogLine, Run, RunWarning, WireErrorShape } from './entities/run.ts'

export type JsonSchema = Record<string, unknown>

export interface ContractSchemas {
  /** What has a name and is referred to. */
  readonly named: Record<string, JsonSchema>
  /** null where nothing is taken or given. */
  readonly methods: Record<Method, { input: JsonSchema | null; output: JsonSchema | null }>
  readonly events: Record<EventName, JsonSchema>
}

const answered = {
  AppInfo,
  AuditEntry,
  Destination,
  Failure: WireErrorShape,
  FoundPath,
  LogLine,
  Plan,
  Run,
  RunWarning,
  Settings,
  SnapshotInfo,
  Status,
  VaultInfo,
}
const asked = { DestinationDraft, PlanDraft }

/**
 * The contract as JSON Schema (draft 2020-12). Inputs are as a caller writes them, so what has a default may be left
 * out; rules that JSON Schema can't say (names taken once, times that exist) are checked by the application all the same.
 *
 * @param reference where named schemas will stand, such as `#/components/schemas/`
 */
export function contractSchemas(reference: string): ContractSchemas {
  const inputs = converter(asked, 'input', reference)
  const outputs = converter(answered, 'output', reference)
  for (const schema of Object.values(asked)) inputs.convert(schema)
  for (const schema of Object.values(answered)) outputs.convert(schema)
  return {
    methods: mapValues<
      Method,
      (typeof methods)[Method],
      { input: JsonSchema | null; output: JsonSchema | null }
    >(methods, ({ input, output }) => ({
      input: isNothing(input) ? null : inputs.convert(input),
      output: isNothing(output) ? null : outputs.convert(output),
    })),
    events: mapValues<EventName, z.ZodType, JsonSchema>(events, schema => outputs.convert(schema)),
    named: { ...inputs.named, ...outputs.named },
  }
}

const isNothing = (schema: z.ZodType): boolean => schema instanceof z.ZodUndefined

function mapValues<K extends string, V, T>(table: Record<K, V>, make: (value: V) => T): Record<K, T> {
  return Object.fromEntries(Object.entries<V>(table).map(([name, value]) => [name, make(value)])) as Record<
    K,
    T
  >
}

function converter(names: Record<string, z.ZodType>, io: 'input' | 'output', reference: string) {
  const metadata = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries(names)) metadata.add(schema, { id })
  const named: Record<string, JsonSchema> = {}

  /** The schema itself, or a reference where it has a name; what it refers to is put among `named`. */
  function convert(schema: z.ZodType): JsonSchema {
    const text = JSON.stringify(z.toJSONSchema(schema, { metadata, io }))
    const {
      $schema: _,
      $defs = {},
      id,
      ...own
    } = JSON.parse(text.replaceAll('"#/$defs/', `"${reference}`)) as JsonSchema & {
      $defs?: Record<string, JsonSchema>
    }
    for (const [name, { id: _, ...definition }] of Object.entries($defs)) named[name] = definition
    if (typeof id !== 'string') return own
    named[id] = own
    return { $ref: `${reference}${id}` }
  }
  return { named, convert }
}
