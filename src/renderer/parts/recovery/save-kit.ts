import { desktop } from '../../client.ts'

/** Where it went, in words; null when it was called off. @throws Error when it could not be written */
export async function saveKit(name: string, text: string): Promise<string | null> {
  const bridge = desktop()
  if (bridge) return bridge.saveFile(name, text)
  const address = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  // a browser that asks where to put it reads it later
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
  return name
}
