import { openSealedFile } from '../../../src/main/services/vault/sealed-file.ts'

/** Sets one secret after the other until it is killed, and says which have been set. */
const [, , path = '', passphrase = '', round = ''] = process.argv
const cost = { N: 2 ** 10, r: 8, p: 1 }
const vault = await openSealedFile({ path, why: 'A test.', wasMade: false, cost })
await vault.unlock(passphrase)
for (let i = 0; ; i++) {
  const name = `token/${i % 7}` as const
  const value = String(Number(round) * 1_000_000 + i + 1)
  await vault.set(name, value)
  process.stdout.write(`${name} ${value}\n`)
}
