import { desktop } from '../client.ts'

/** Gives a person a file: by the system's dialogue on the desktop, as a download in a browser. */
export async function saveText(name: string, text: string, mime: string): Promise<string | null> {
  const shell = desktop()
  if (shell) return shell.saveFile(name, text)
  const url = URL.createObjectURL(new Blob([text], { type: `${mime};charset=utf-8` }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
  return name
}
