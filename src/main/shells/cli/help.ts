import type { Command } from 'commander'

export interface HelpPage {
  examples: [command: string, meaning?: string][]
  /** Exit codes that mean something special here, beside those of every command. */
  exits?: [code: number, meaning: string][]
}

/** Adds examples and exit codes below a command's options. */
export function addHelp(command: Command, { examples, exits = [] }: HelpPage): Command {
  const lines = ['', 'Examples:']
  for (const [line, meaning] of examples) {
    if (meaning !== undefined) lines.push(`  # ${meaning}`)
    lines.push(`  ${line}`)
  }
  if (exits.length > 0) {
    lines.push('', 'Exit codes:', '    0  done')
    for (const [code, meaning] of exits) lines.push(`  ${String(code).padStart(3)}  ${meaning}`)
    lines.push('  all others: docs/exit-codes.md')
  }
  return command.addHelpText('after', lines.join('\n'))
}
