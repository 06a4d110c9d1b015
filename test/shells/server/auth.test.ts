import { expect, test } from 'vitest'
import { createAuth, newToken } from '../../../src/main/shells/server/auth.ts'

const day = 86_400_000
function auth() {
  const clock = { nowMs: 10 * 365 * day }
  const token = newToken()
  return { clock, token, ...createAuth(token, () => clock.nowMs) }
}

test('a token is 32 random bytes', () => {
  const tokens = Array.from({ length: 100 }, newToken)
  expect(new Set(tokens).size).toBe(100)
  expect(tokens.filter(token => Buffer.from(token, 'base64url').length !== 32)).toEqual([])
})

test('the scheme is Bearer, in any case, and the token is the token', () => {
  const { holdsToken, token } = auth()
  const values = [
    `Bearer ${token}`,
    `bearer  ${token} `,
    token,
    `Token ${token}`,
    `Bearer ${token} x`,
    'Bearer',
    undefined,
  ]
  expect(values.map(holdsToken)).toEqual([true, true, false, false, false, false, false])
})

test('a ticket is good once, and only for its time', () => {
  const { clock, ticket, redeem } = auth()
  const [used, late, early] = [ticket(), ticket(), ticket()]
  expect([redeem(used), redeem(used), redeem('')]).toEqual([true, false, false])
  clock.nowMs += 5 * 60_000 - 1
  expect(redeem(early)).toBe(true)
  clock.nowMs += 1
  expect(redeem(late)).toBe(false)
})

test('a session is used up after 30 days however busy it is', () => {
  const { clock, begin, isSession } = auth()
  const secret = begin()
  let days = 0
  for (; isSession(secret); days += 0.25) clock.nowMs += day / 4
  expect(days).toBe(30)
})

test('a clock set back prolongs nothing; one corrected by seconds ends nothing', () => {
  const { clock, begin, isSession, ticket, redeem } = auth()
  const [secret, link] = [begin(), ticket()]
  clock.nowMs -= 5000
  expect(isSession(secret)).toBe(true)
  clock.nowMs -= 365 * day
  expect([isSession(secret), redeem(link)]).toEqual([false, false])
})

test('there are never more than a hundred of each: the longest unused give way', () => {
  const { begin, isSession, ticket, redeem } = auth()
  const kept = begin()
  const given = begin()
  for (let i = 0; i < 99; i++) {
    expect(isSession(kept)).toBe(true)
    begin()
  }
  expect([isSession(kept), isSession(given)]).toEqual([true, false])
  const first = ticket()
  for (let i = 0; i < 100; i++) ticket()
  expect(redeem(first)).toBe(false)
})

test('an ended session is ended', () => {
  const { begin, isSession, end } = auth()
  const secret = begin()
  end(secret)
  expect(isSession(secret)).toBe(false)
})
