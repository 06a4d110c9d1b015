import type { Client } from '../../../../shared/contract.ts'
import type { RestoreAction } from '../../../../shared/entities/browse.ts'
import { desktop } from '../../../client.ts'
import { csvHead, csvLine } from './csv.ts'
import { eachPage } from './items.ts'

/** Of a longer list, the beginning is saved and the last line says so. */
const mostCharacters = 40_000_000

/** @returns what became of it, in words; null when the user thought better of it */
export async function saveList(
  client: Client,
  runIds: readonly string[],
  actions: readonly RestoreAction[] | null,
  name: string,
): Promise<string | null> {
  let text = csvHead
  let whole = true
  for await (const items of eachPage(client, runIds, actions)) {
    text += items.map(csvLine).join('')
    if (text.length <= mostCharacters) continue
    text += 'the list is longer than can be saved here\r\n'
    whole = false
    break
  }
  const bridge = desktop()
  const where = bridge ? await bridge.saveFile(name, text) : download(name, text)
  if (where === null) return null
  return whole ? `Saved as ${where}.` : `Saved as ${where}; only its first part, as it is very long.`
}

function download(name: string, text: string): string {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/csv' }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
  return name
}
