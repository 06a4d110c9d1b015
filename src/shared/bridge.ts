import { z } from 'zod'

/** What the preload puts on the window (`window.holdfast`); absent in a browser. */
export interface Bridge {
  /** Resolves with a `Reply` in any case. */
  call(name: string, input: unknown): Promise<unknown>
  /** Everything the application tells, as `{ name, value }`; returns how to stop. */
  onEvent(listener: (event: unknown) => void): () => void
  /** Hears how the link is at once, as soon as that is known, and then when it changes. */
  onLink(listener: (state: 'live' | 'lost') => void): () => void
  readonly desktop: DesktopBridge
}

/** What only a desktop can do. Each rejects with an Error whose message is for people when it is refused or fails. */
export interface DesktopBridge {
  /** The path of a file or folder dropped on the window; empty for what is no file of this machine. */
  pathOf(file: File): string
  /**
   * A new, private, empty folder to restore into what is about to be dragged out. It goes when the app ends, and after
   * a day.
   */
  stage(): Promise<string>
  /** Puts staged paths under the pointer; called from a `dragstart` whose default is prevented. */
  startDrag(paths: readonly string[]): void
  /** null when the user cancels. */
  chooseFolder(title: string): Promise<string | null>
  /** Only what the user chose, or what a restore of this window wrote. */
  showInFolder(path: string): Promise<void>
  /** Asks where; returns the path, null when the user cancels. */
  saveFile(name: string, text: string): Promise<string | null>
  opensAtLogin(): Promise<boolean>
  setOpensAtLogin(on: boolean): Promise<boolean>
}

/** The calls of `DesktopBridge` as they cross the border of the window's process. */
const path = z.string().min(1).max(8192)
export const DesktopCall = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('stage') }),
  z.strictObject({ action: z.literal('chooseFolder'), title: z.string().trim().min(1).max(200) }),
  z.strictObject({ action: z.literal('showInFolder'), path }),
  z.strictObject({
    action: z.literal('saveFile'),
    name: z.string().trim().min(1).max(200),
    text: z.string().max(50_000_000),
  }),
  z.strictObject({ action: z.literal('opensAtLogin') }),
  z.strictObject({ action: z.literal('setOpensAtLogin'), on: z.boolean() }),
])
export type DesktopCall = z.output<typeof DesktopCall>

export const DragCall = z.strictObject({ paths: z.array(path).min(1).max(10_000) })
