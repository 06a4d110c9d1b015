/**
 * Every way an operation may fail, with what each door makes of it.
 *
 * Exit codes are public: scripts rely on them, so never renumber. 0, 1, 3, 10–12 and 130 agree with restic.
 * `retry` says whether trying the same call again, later, can succeed; the retrying wrapper reads only this.
 * `meaning` and `next` are for people: docs/exit-codes.md is made of them (scripts/exit-codes.ts).
 */
export const failures = {
  internal: {
    exit: 1,
    http: 500,
    retry: false,
    meaning: 'Something failed in a way Holdfast did not expect: a bug.',
    next: 'Run it again with -v and report what it prints.',
  },
  invalid_input: {
    exit: 2,
    http: 400,
    retry: false,
    meaning: 'An argument, option or password source is missing or makes no sense. Nothing was done.',
    next: 'Read the message, then the help of the command.',
  },
  source_unreadable: {
    exit: 3,
    http: 422,
    retry: false,
    meaning: 'Some of the files to back up could not be read. The snapshot exists and holds all the others.',
    next: 'Look at the files named on stderr; run again as a user who may read them, or exclude them.',
  },
  repository_missing: {
    exit: 10,
    http: 404,
    retry: false,
    meaning: 'There is no repository at the place given.',
    next: 'Check --repo (is the drive mounted?), or make one there with `holdfast init`.',
  },
  repository_locked: {
    exit: 11,
    http: 423,
    retry: true,
    meaning: 'Another process works on the repository, or died while it did.',
    next: 'Try again later; if nothing else is running, clear what was left with `holdfast unlock`.',
  },
  wrong_password: {
    exit: 12,
    http: 401,
    retry: false,
    meaning: "The password opens none of the repository's keys.",
    next: 'Check where the password comes from (file, command, variable).',
  },
  backend_unreachable: {
    exit: 20,
    http: 503,
    retry: true,
    meaning: 'The storage did not answer, or stopped answering.',
    next: 'Check the connection or the drive and try again; what was stored is kept.',
  },
  backend_refused: {
    exit: 21,
    http: 403,
    retry: false,
    meaning: 'The storage answered with a refusal: permissions, credentials, or a read-only place.',
    next: 'Check the permissions or credentials for the repository.',
  },
  data_corrupt: {
    exit: 22,
    http: 500,
    retry: false,
    meaning:
      'A file of the repository is damaged, incomplete or missing. Nothing wrong was written or returned.',
    next: 'Run `holdfast check --read-data` to see all that is affected.',
  },
  disk_full: {
    exit: 23,
    http: 507,
    retry: false,
    meaning: 'No space is left where something had to be written.',
    next: 'Free some space and run it again; what was stored is kept.',
  },
  repository_unsupported: {
    exit: 24,
    http: 501,
    retry: false,
    meaning: 'The repository has a format version this Holdfast does not know.',
    next: 'Use a newer Holdfast or restic.',
  },
  repository_exists: {
    exit: 25,
    http: 409,
    retry: false,
    meaning: 'A repository is already there. Nothing was overwritten.',
    next: 'Use it as it is, or choose another place.',
  },
  snapshot_missing: {
    exit: 26,
    http: 404,
    retry: false,
    meaning: 'No snapshot matches, or more than one matches an abbreviated ID.',
    next: 'List them with `holdfast snapshots`.',
  },
  source_missing: {
    exit: 27,
    http: 404,
    retry: false,
    meaning: 'A file or folder to back up does not exist. No snapshot was made.',
    next: 'Check the paths (is the drive mounted?).',
  },
  target_refused: {
    exit: 28,
    http: 409,
    retry: false,
    meaning:
      'What was asked would do harm there: such as restoring into the repository, or removing the key in use.',
    next: 'Choose another target.',
  },
  not_found: {
    exit: 29,
    http: 404,
    retry: false,
    meaning: 'A path, key or object that was named is not there.',
    next: 'List what is there first (`ls`, `key list`).',
  },
  lock_lost: {
    exit: 30,
    http: 409,
    retry: false,
    meaning:
      'The lock on the repository could not be kept, so the operation stopped itself before it could do harm.',
    next: 'Run it again; what was stored is kept.',
  },
  conflict: {
    exit: 31,
    http: 409,
    retry: false,
    meaning: 'Somebody else changed it meanwhile, or it is in use. Nothing was saved.',
    next: 'Look at it as it is now and make the change again.',
  },
  vault_locked: {
    exit: 32,
    http: 423,
    retry: false,
    meaning: 'The place where passwords are kept is locked.',
    next: "Unlock the system's keychain, or open the sealed file (`holdfast vault unlock`), then try again.",
  },
  secret_missing: {
    exit: 33,
    http: 424,
    retry: false,
    meaning: 'The password of a repository is not (or no longer) in the place where passwords are kept.',
    next: 'Give it again; the recovery kit has it.',
  },
  unauthorized: {
    exit: 34,
    http: 401,
    retry: false,
    meaning: 'The call did not prove that it comes from somebody who may make it.',
    next: 'Use the token or the link that `holdfast serve` names.',
  },
  forbidden: {
    exit: 35,
    http: 403,
    retry: false,
    meaning: 'The call came from a place that may not make it, such as a page of another site.',
    next: 'Open Holdfast by its own address.',
  },
  catalogue_unusable: {
    exit: 36,
    http: 500,
    retry: false,
    meaning:
      'The catalogue (plans, history) can not be read, or a newer Holdfast made it. It was not changed.',
    next: 'Use the newer Holdfast, or follow what the message says.',
  },
  already_running: {
    exit: 37,
    http: 409,
    retry: false,
    meaning: 'Another process hosts the application on this data directory.',
    next: 'Use that one, or end it first.',
  },
  hook_failed: {
    exit: 38,
    http: 424,
    retry: true,
    meaning: 'A command that was to run before the backup failed or took too long. Nothing was backed up.',
    next: 'Look at its output in the log of the run.',
  },
  timed_out: {
    exit: 39,
    http: 504,
    retry: false,
    meaning: 'The run took longer than its plan allows and was cancelled. What was stored is kept.',
    next: 'Start it again: it goes on from there; or allow it more time.',
  },
  too_many_calls: {
    exit: 40,
    http: 429,
    retry: true,
    meaning: 'Too many calls in a short time.',
    next: 'Wait a moment.',
  },
  not_implemented: {
    exit: 41,
    http: 501,
    retry: false,
    meaning: 'Holdfast does not do this yet.',
    next: 'Use what the message names instead, or a newer Holdfast.',
  },
  cancelled: {
    exit: 130,
    http: 499,
    retry: false,
    meaning:
      'Interrupted (Ctrl-C, SIGTERM). The repository is valid and what was stored is reused by the next run.',
    next: 'Run it again to finish.',
  },
} as const

export type FailureCode = keyof typeof failures

/** Anything we expect to go wrong. Whatever else is thrown is a bug and reported as `internal`. */
export class AppError extends Error {
  readonly code: FailureCode
  /** The user's next step, one imperative sentence. */
  readonly hint: string | undefined

  constructor(code: FailureCode, message: string, more: { hint?: string; cause?: unknown } = {}) {
    super(message, { cause: more.cause })
    this.name = this.code = code // class names do not survive minifying
    this.hint = more.hint
  }
}

/** A storage refused, lost or damaged a file. */
export class BackendError extends AppError {}

/** One file of the user's unreadable: the run goes on and ends `partial`. */
export class SourceError extends AppError {}

/** What crosses a process border in place of an Error. */
export interface WireError {
  code: FailureCode
  message: string
  hint?: string | undefined
}

export function toWireError(error: unknown): WireError {
  if (error instanceof AppError) {
    return error.hint === undefined
      ? { code: error.code, message: error.message }
      : { code: error.code, message: error.message, hint: error.hint }
  }
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) }
}
