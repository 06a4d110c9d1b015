import { contractSchemas, type JsonSchema } from '../../src/shared/contract-schemas.ts'
import type { Method } from '../../src/shared/contract.ts'

const at = '#/'
const schemas = contractSchemas(at)

/** The plainest input that fits a method; undefined where it takes none. */
export const sampleInput = (name: Method): unknown => sample(schemas.methods[name].input)
/** The plainest answer that fits. */
export const sampleOutput = (name: Method): unknown => sample(schemas.methods[name].output)

/** The least that fits: what may be left out or null is so, text is one word, a choice is its first. */
function sample(schema: JsonSchema | null): unknown {
  if (schema === null) return undefined
  const {
    $ref,
    anyOf,
    oneOf,
    type,
    format,
    minimum,
    minItems = 0,
    items,
    required = [],
    properties = {},
  } = schema as {
    $ref?: string
    anyOf?: JsonSchema[]
    oneOf?: JsonSchema[]
    type?: string | string[]
    format?: string
    minimum?: number
    minItems?: number
    items?: JsonSchema
    required?: string[]
    properties?: Record<string, JsonSchema>
  }
  if ($ref !== undefined) return sample(schemas.named[$ref.slice(at.length)]!)
  if ('const' in schema) return schema['const']
  if (Array.isArray(schema['enum'])) return schema['enum'][0] as unknown
  const choice = anyOf ?? oneOf
  const nullable = type?.includes('null') ?? choice?.some(each => each['type'] === 'null') ?? false
  if (nullable) return null
  if (choice) return sample(choice[0]!)
  switch (type) {
    case 'object':
      return Object.fromEntries(required.map(key => [key, sample(properties[key]!)]))
    case 'array':
      return Array.from({ length: minItems }, () => sample(items!))
    case 'string':
      return format === 'uuid' ? '3f2b8c1e-6a54-4a53-9d0e-0b8f3f9a7c21' : 'text'
    case 'integer':
    case 'number':
      return Math.max(0, minimum ?? 0)
    case 'boolean':
      return false
    default:
      throw new Error(`There is no sample of ${JSON.stringify(schema)}.`)
  }
}
