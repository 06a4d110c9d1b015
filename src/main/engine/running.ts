/** Whether a process of this number runs on this machine, whoever's it is; true where that can't be known. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH' // EPERM: of another user
  }
}
