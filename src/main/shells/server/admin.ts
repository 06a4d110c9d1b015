import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Output, Reply } from '../../../shared/contract.ts'
import { AppError } from '../../../shared/errors.ts'
import { sendReply } from './answers.ts'

/** Calls the application in the name of who sent the request. */
export type Call = (request: FastifyRequest, name: string, input: unknown) => Promise<Reply>

/**
 * The REST paths that scripts of other backup systems know. Each is a view of the contract; none can do more.
 */
export function setUpAdmin(server: FastifyInstance, call: Call): void {
  const base = '/admin/backup'

  async function ask<T>(request: FastifyRequest, name: string, input: unknown): Promise<T> {
    const answer = await call(request, name, input)
    if (!answer.ok) {
      const { code, message, hint } = answer.error
      throw new AppError(code, message, hint === undefined ? {} : { hint })
    }
    return answer.value as T
  }

  /** A plan by its ID, or by its name as it is written. */
  async function planNamed(request: FastifyRequest, named: unknown): Promise<string> {
    if (typeof named !== 'string' || named === '')
      throw new AppError('invalid_input', 'No plan is named: `plan` is missing or no text.', {
        hint: 'Give `plan`, the ID of a plan or its name.',
      })
    const plans = await ask<Output<'plan.list'>>(request, 'plan.list', undefined)
    const found = plans.find(({ id }) => id === named) ?? plans.find(({ name }) => name === named)
    if (found) return found.id
    throw new AppError('not_found', 'There is no plan of that ID or name.', {
      hint: '`GET /admin/backup/status` lists the plans.',
    })
  }

  server.get(`${base}/status`, async (request, reply) =>
    sendReply(reply, await call(request, 'app.status', undefined)),
  )

  server.get(`${base}/health`, async (request, reply) => {
    const status = await ask<Output<'app.status'>>(request, 'app.status', undefined)
    const vault = await ask<Output<'vault.info'>>(request, 'vault.info', undefined)
    return reply.send(healthOf(status, vault))
  })

  server.get<{ Querystring: Record<string, unknown> }>(`${base}/list`, async (request, reply) => {
    const { plan, limit, ...others } = request.query
    const filter = plan === undefined ? {} : { planId: await planNamed(request, plan) }
    const runs = await ask<Output<'run.list'>>(request, 'run.list', {
      ...others,
      ...filter,
      ...(limit === undefined ? {} : { limit: typeof limit === 'string' ? Number(limit) : limit }),
    })
    const snapshots = await ask<Output<'snapshot.list'>>(request, 'snapshot.list', filter)
    return reply.send({ ...runs, snapshots })
  })

  server.post(`${base}/create`, async (request, reply) => {
    const { plan, ...others } = fieldsOf(request.body)
    const planId = await planNamed(request, plan)
    return sendReply(reply, await call(request, 'run.start', { ...others, planId }), 202)
  })

  server.post(`${base}/test`, async (request, reply) => {
    const id = await planNamed(request, fieldsOf(request.body)['plan'])
    const checks = await ask<Output<'plan.test'>>(request, 'plan.test', { id })
    return reply.send({ planId: id, ok: checks.every(({ ok }) => ok), checks })
  })

  for (const [path, what, instead] of notYet)
    server.all(`${base}/${path}`, () => {
      throw new AppError('not_implemented', `${what} by this path comes with a later version of Holdfast.`, {
        hint: instead,
      })
    })
}

const notYet = [
  ['cleanup', 'Removing old snapshots by retention rules', 'Until then `restic forget --prune` does it.'],
  ['recovery', 'Restoring', 'Use `holdfast restore` on the command line.'],
  [
    'validate-recovery',
    'A restore drill',
    'Use `holdfast check --read-data`, or `holdfast restore --verify` into a scratch folder.',
  ],
] as const

/**
 * One word for scripts: `attention` when somebody has to do something, `gaps` when something is not protected or not
 * proven, else `ok`. Pure.
 */
export function healthOf(status: Output<'app.status'>, vault: Output<'vault.info'>) {
  const attention = status.plans.filter(({ state }) => state === 'attention')
  const gaps = status.plans.filter(({ state }) => state === 'gaps' || state === 'paused')
  const vaultShut = vault.state === 'locked' || vault.state === 'unavailable'
  const health =
    status.state === 'attention' || attention.length > 0 || vaultShut
      ? 'attention'
      : status.state === 'gaps' || status.state === 'not-set-up' || gaps.length > 0
        ? 'gaps'
        : 'ok'
  return { health, sentence: status.sentence, attention, gaps, vault }
}

function fieldsOf(body: unknown): Record<string, unknown> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
}
