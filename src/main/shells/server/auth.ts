import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** How long a one-time link may be used after it was made. */
const ticketLifeMs = 5 * 60_000
/** A session ends after this long without a call, */
const sessionIdleMs = 12 * 3_600_000
/** and after this long in any case. */
const sessionLifeMs = 30 * 86_400_000
/** Of tickets, and of sessions: the oldest make room. */
const most = 100
/** A clock that is corrected backwards by less than this ends nothing; set back further, it can't prolong a session. */
const clockSlackMs = 60_000

/**
 * Who may come in: whoever holds the token, or a browser session that began with a one-time link or the token.
 * All secrets are 32 random bytes in base64url; only their SHA-256 is kept.
 */
export interface Auth {
  /** The value of an `Authorization` header. */
  holdsToken(authorization: string | undefined): boolean
  isToken(token: string): boolean
  /** Makes the secret of a one-time link. */
  ticket(): string
  /** Uses a ticket up. Returns whether it was good. */
  redeem(ticket: string): boolean
  /** Begins a session and returns its secret, for the cookie. */
  begin(): string
  /** Whether the session goes on; asking keeps it alive. */
  isSession(secret: string): boolean
  end(secret: string): void
}

/** A token of the strength the server asks for. */
export const newToken = (): string => randomBytes(32).toString('base64url')

const digest = (secret: string): Buffer => createHash('sha256').update(secret).digest()
const keyOf = (secret: string): string => digest(secret).toString('base64')

/** @param now epoch milliseconds */
export function createAuth(token: string, now: () => number): Auth {
  const tokenDigest = digest(token)
  /** Digest → made at. */
  const tickets = new Map<string, number>()
  /** Digest → times; the longest unused first. */
  const sessions = new Map<string, { beganAt: number; usedAt: number }>()

  const within = (since: number, lifeMs: number) => {
    const age = now() - since
    return age >= -clockSlackMs && age < lifeMs
  }
  const isToken = (given: string) => timingSafeEqual(digest(given), tokenDigest)

  return {
    isToken,

    holdsToken(authorization) {
      const given = /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
      // the same work whether there is a token or not
      return isToken(given ?? '') && given !== undefined
    },

    ticket() {
      const secret = newToken()
      tickets.set(keyOf(secret), now())
      dropOldest(tickets)
      return secret
    },

    redeem(secret) {
      const key = keyOf(secret)
      const madeAt = tickets.get(key)
      tickets.delete(key)
      return madeAt !== undefined && within(madeAt, ticketLifeMs)
    },

    begin() {
      const secret = newToken()
      sessions.set(keyOf(secret), { beganAt: now(), usedAt: now() })
      dropOldest(sessions)
      return secret
    },

    isSession(secret) {
      const key = keyOf(secret)
      const session = sessions.get(key)
      sessions.delete(key)
      if (!session || !within(session.beganAt, sessionLifeMs) || !within(session.usedAt, sessionIdleMs))
        return false
      sessions.set(key, { beganAt: session.beganAt, usedAt: now() })
      return true
    },

    end(secret) {
      sessions.delete(keyOf(secret))
    },
  }
}

function dropOldest(all: Map<string, unknown>): void {
  const [oldest] = all.keys()
  if (all.size > most && oldest !== undefined) all.delete(oldest)
}
