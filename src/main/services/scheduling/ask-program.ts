import { execFile } from 'node:child_process'

/** What a system tool prints; null when it is not there, fails, or does not answer in time. Never rejects. */
export type AskProgram = (program: string, ...args: readonly string[]) => Promise<string | null>

const patienceMs = 3_000

export const askProgram: AskProgram = (program, ...args) =>
  new Promise(resolve => {
    execFile(
      program,
      args,
      { timeout: patienceMs, killSignal: 'SIGKILL', maxBuffer: 1_000_000, windowsHide: true },
      (error, stdout) => resolve(error ? null : stdout),
    )
  })
