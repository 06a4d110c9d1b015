/**
 * Recovery keys: eight groups of four characters, five bits each, hence 160 bits. Without 0, 1, I and O nothing in
 * them looks like something else. The key is the repository's password, spaces included. Pure.
 */

const alphabet = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'
const groups = 8
const groupLength = 4

/** @param fill puts random bytes into what it is given, fit for keys: `crypto.getRandomValues` */
export function makeKey(fill: (bytes: Uint8Array<ArrayBuffer>) => unknown): string {
  const bytes = new Uint8Array(groups * groupLength)
  fill(bytes)
  // 256 is a multiple of 32: each character is as likely as any other
  return inGroups([...bytes].map(byte => alphabet[byte & 31]).join(''))
}

const inGroups = (characters: string): string => (characters.match(/.{1,4}/g) ?? []).join(' ')

/**
 * What somebody typed or pasted, as the password that is meant. A recovery key is recognised however it is spaced and
 * in small letters too; anything else may be a password of restic's, and is left exactly as it is.
 */
export function keyFrom(typed: string): string {
  const bare = typed.toUpperCase().replace(/[\s\u2010-\u2015-]+/g, '')
  const isKey = bare.length === groups * groupLength && [...bare].every(char => alphabet.includes(char))
  return isKey ? inGroups(bare) : typed
}

export const groupsOf = (key: string): string[] => key.split(' ')
