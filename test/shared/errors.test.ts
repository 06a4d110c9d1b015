import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { exitCodesPage } from '../../scripts/exit-codes.ts'
import { AppError, BackendError, failures, toWireError } from '../../src/shared/errors.ts'

const codes = Object.values(failures).map(failure => failure.exit)

test('every failure has an exit code of its own', () => {
  expect(new Set(codes).size).toBe(codes.length)
})

test('exit codes fit a process, and 0 is none', () => {
  expect(codes.filter(code => code < 1 || code > 255)).toEqual([])
})

test("the codes that agree with restic's stay what they are", () => {
  expect({
    internal: failures.internal.exit,
    source_unreadable: failures.source_unreadable.exit,
    repository_missing: failures.repository_missing.exit,
    repository_locked: failures.repository_locked.exit,
    wrong_password: failures.wrong_password.exit,
    cancelled: failures.cancelled.exit,
  }).toEqual({
    internal: 1,
    source_unreadable: 3,
    repository_missing: 10,
    repository_locked: 11,
    wrong_password: 12,
    cancelled: 130,
  })
})

test('every failure says what it means and what to do, in whole sentences', () => {
  for (const { meaning, next } of Object.values(failures)) {
    expect(meaning).toMatch(/^[A-Z].*[.]$/)
    expect(next).toMatch(/^[A-Z].*[.]$/)
  }
})

test('docs/exit-codes.md is what scripts/exit-codes.ts makes', async () => {
  const page = readFileSync(new URL('../../docs/exit-codes.md', import.meta.url), 'utf8')
  expect(page).toBe(await exitCodesPage())
})

test('an error crosses a border with its code and hint, and nothing else', () => {
  const error = new BackendError('backend_refused', 'The storage said no.', {
    hint: 'Ask again.',
    cause: 'secret',
  })
  expect(toWireError(error)).toEqual({
    code: 'backend_refused',
    message: 'The storage said no.',
    hint: 'Ask again.',
  })
  expect(toWireError(new AppError('not_found', 'Gone.'))).toEqual({ code: 'not_found', message: 'Gone.' })
})

test('what nobody expected is internal', () => {
  expect(toWireError(new TypeError('x is undefined'))).toEqual({
    code: 'internal',
    message: 'x is undefined',
  })
  expect(toWireError('text')).toEqual({ code: 'internal', message: 'text' })
})
