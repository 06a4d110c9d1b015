import { readFileSync, renameSync, writeFileSync } from 'node:fs'

/** Where the window is, in the system's own units. */
export interface Rectangle {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface WindowState extends Rectangle {
  readonly maximized: boolean
}

export const smallest = { width: 760, height: 520 } as const
const usual = { width: 1280, height: 840 } as const
/** Of the title bar, this much has to be within reach of the mouse. */
const grip = { width: 160, height: 24 } as const

/**
 * Where to put the window: where it was, as far as that is still on a display; else in the middle of the first one,
 * which is the system's main display. Never larger than the display. Pure.
 * @param saved what a file said, so anything
 * @param workAreas of the displays, without bars and docks; the main one first
 */
export function placeWindow(saved: unknown, workAreas: readonly Rectangle[]): WindowState {
  const main = workAreas[0] ?? { x: 0, y: 0, ...usual }
  const state = asState(saved)
  const home = state && (workAreas.find(area => holdsGrip(area, state)) ?? null)
  const area = home ?? main
  const width = within(state?.width ?? usual.width, smallest.width, area.width)
  const height = within(state?.height ?? usual.height, smallest.height, area.height)
  const maximized = state?.maximized ?? false
  if (home && state) return { x: state.x, y: state.y, width, height, maximized }
  const x = area.x + Math.round((area.width - width) / 2)
  const y = area.y + Math.round((area.height - height) / 2)
  return { x, y, width, height, maximized }
}

const within = (size: number, least: number, most: number): number => Math.min(Math.max(size, least), most)

/** Enough of the window's upper edge lies in it. */
function holdsGrip(area: Rectangle, { x, y, width }: Rectangle): boolean {
  const seen = Math.min(x + width, area.x + area.width) - Math.max(x, area.x)
  return seen >= grip.width && y >= area.y && y + grip.height <= area.y + area.height
}

function asState(saved: unknown): WindowState | null {
  if (typeof saved !== 'object' || saved === null) return null
  const { x, y, width, height, maximized } = saved as Record<string, unknown>
  const numbers = [x, y, width, height]
  if (!numbers.every(value => Number.isInteger(value) && Math.abs(value as number) < 100_000)) return null
  if ((width as number) < 1 || (height as number) < 1) return null
  return { x, y, width, height, maximized: maximized === true } as WindowState
}

export interface WindowFile {
  read(): unknown
  write(state: WindowState): void
}

/** A file that is missing or damaged only costs the place of the window. */
export const windowFile = (path: string): WindowFile => ({
  read() {
    try {
      return JSON.parse(readFileSync(path, 'utf8')) as unknown
    } catch {
      return null
    }
  },
  write(state) {
    try {
      writeFileSync(`${path}.new`, JSON.stringify(state), { mode: 0o600 })
      renameSync(`${path}.new`, path)
    } catch {
      // the disk is full, perhaps: nothing that a window's place is worth a message for
    }
  },
})
