import type { z } from 'zod'
import { methods, type Input, type Method, type Output, type Reply } from '../../shared/contract.ts'
import { AppError, toWireError } from '../../shared/errors.ts'
import type { Catalogue } from './catalogue/catalogue.ts'

/** Who calls, as the door knows it: "desktop", "cli bob", "http". It goes into the audit log and into runs. */
export interface Caller {
  readonly who: string
}

/** What the contract promises, as functions. */
export type Api = { [M in Method]: (input: Input<M>, caller: Caller) => Output<M> | Promise<Output<M>> }

interface Ports {
  readonly api: Api
  readonly audit: Catalogue['audit']
  readonly now: () => number
}

/**
 * An untrusted call becomes a validated call becomes a Reply. It never rejects: a failure travels as a value, since most
 * transports carry of a thrown error only its text. What changes something is written to the audit log, also when it
 * was refused. What is answered keeps to the contract as well: no field gets out that it does not name.
 */
export async function dispatch(
  { api, audit, now }: Ports,
  caller: Caller,
  name: string,
  input: unknown,
): Promise<Reply> {
  try {
    if (!isMethod(name))
      throw new AppError('not_found', `There is no method "${name}".`, {
        hint: 'The API documentation lists all of them.',
      })
    const { input: shape, output, changes } = methods[name]
    const parsed = shape.safeParse(input)
    if (!parsed.success) throw wrongShape(name, parsed.error)
    const note = (outcome: string) => {
      if (changes)
        audit.append({
          atMs: now(),
          who: caller.who,
          action: name,
          subject: subjectOf(parsed.data),
          detail: outcome,
        })
    }
    try {
      const answer: unknown = await (api[name] as (input: unknown, caller: Caller) => unknown)(
        parsed.data,
        caller,
      )
      const value = kept(name, output, answer)
      note('done')
      return { ok: true, value }
    } catch (error) {
      note(`failed: ${toWireError(error).code}`)
      throw error
    }
  } catch (error) {
    return { ok: false, error: toWireError(error) }
  }
}

function kept(name: string, output: z.ZodType, answer: unknown): unknown {
  const parsed = output.safeParse(answer)
  if (parsed.success) return parsed.data
  const place = parsed.error.issues[0]?.path.map(String).join('.') || 'all of it'
  throw new Error(`${name} has an answer that the contract does not allow: ${place}.`, {
    cause: parsed.error,
  })
}

const isMethod = (name: string): name is Method => Object.hasOwn(methods, name)

/** What a call is about: an ID or a name, never anything that could be a secret. */
function subjectOf(input: unknown): string {
  if (typeof input !== 'object' || input === null) return ''
  const { id, planId, draft } = input as { id?: unknown; planId?: unknown; draft?: { name?: unknown } }
  const found = [id, planId, draft?.name].find(value => typeof value === 'string')
  return typeof found === 'string' ? found : ''
}

/** The first things that are wrong, each with its place; values are not repeated: one may be a secret. */
function wrongShape(name: string, error: z.ZodError): AppError {
  const problems = error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.length > 0 ? path.map(String).join('.') : 'input'}: ${message}`)
  const more = error.issues.length - problems.length
  return new AppError(
    'invalid_input',
    `${name} was not called as it should be: ${problems.join('; ')}${more > 0 ? `; and ${more} more` : ''}.`,
    {
      hint: 'The API documentation shows what it takes. Nothing was changed.',
    },
  )
}
