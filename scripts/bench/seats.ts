import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { noise, sourceText } from './contents.ts'
import { succeed } from './measure.ts'
import { removeScratch, scratchFolder } from './scratch.ts'
import type { Place, Tool } from './tools.ts'

export interface Seats {
  /** The repository that restic made and others get copies of. */
  readonly template: string | null
  /** A fresh repository and an empty cache for a tool, below `folder`. */
  take(folder: string, tool: Tool): Promise<Place>
  /** The same repository for a tool that has not seen it yet. */
  withoutCache(place: Place, tool: Tool): Place
}

/**
 * @param sameKey restic makes one repository, and all that speak its format get copies of it, so that format, chunker
 * polynomial and the cost of the password are the same; otherwise each makes its own
 */
export async function prepareSeats(work: string, tools: readonly Tool[], sameKey: boolean): Promise<Seats> {
  const folder = scratchFolder(work, 'seats')
  const used = new Map<Tool, string>()

  function freshCache(cache: string, tool: Tool): string {
    mkdirSync(cache, { recursive: true })
    const code = used.get(tool)
    if (code !== undefined) cpSync(code, join(cache, tool.codeCache!), { recursive: true })
    return cache
  }

  const restic = sameKey ? tools.find(({ kind }) => kind === 'restic') : undefined
  const template = restic === undefined ? null : join(folder, 'template')
  if (restic && template !== null)
    await succeed(restic.init({ repo: template, cache: join(folder, 'cache') }))

  const seats: Seats = {
    template,
    async take(folder, tool) {
      const own = join(folder, tool.name.replaceAll(/[^\w.]+/g, '-'))
      const place = { repo: join(own, 'repo'), cache: freshCache(join(own, 'cache'), tool) }
      if (template !== null && tool.kind !== 'borg') cpSync(template, place.repo, { recursive: true })
      else await succeed(tool.init(place))
      return place
    },
    withoutCache: (place, tool) => ({
      repo: place.repo,
      cache: freshCache(scratchFolder(join(place.cache, '..'), 'no-cache'), tool),
    }),
  }
  for (const tool of tools) {
    if (tool.codeCache === null) continue
    const code = await useOnce(seats, tool, join(folder, 'used'))
    if (existsSync(code)) used.set(tool, code)
  }
  return seats
}

/** What a program keeps of itself, not of a repository, it has had since its first day. Returns where that is. */
async function useOnce(seats: Seats, tool: Tool, folder: string): Promise<string> {
  const place = await seats.take(folder, tool)
  const tree = join(folder, 'tree')
  mkdirSync(tree)
  for (let n = 0; n < 20; n++) writeFileSync(join(tree, `text-${n}`), sourceText(`once ${n}`, 10_000))
  writeFileSync(join(tree, 'large'), noise('once')(40e6))
  const target = join(folder, 'target')
  mkdirSync(target)
  for (const command of [
    tool.backup(place, tree, 'a1'),
    tool.backup(place, tree, 'a2'),
    tool.list(place, tree, 'a2'),
    tool.check(place),
    tool.restore(place, target, 'a2'),
  ]) {
    // What does not work is found where it counts.
    await succeed(command).catch(() => undefined)
  }
  removeScratch(tree)
  removeScratch(target)
  return join(place.cache, tool.codeCache!)
}
