import { Command } from 'commander'
import { programVersion } from '../../engine/index.ts'
import { addSharedOptions, settingsOf } from './repo-options.ts'
import type { Shell } from './shell.ts'

export function build(shell: Shell): Command {
  const command = new Command('version').description('Print the version.').action(() => {
    if (!settingsOf(shell, command).json) {
      shell.out.print(
        `${programVersion} (restic repository format 1 and 2), Node ${process.version} on ${process.platform}/${process.arch}`,
      )
      return
    }
    shell.out.json({
      message_type: 'version',
      version: programVersion.replace(/^holdfast /, ''),
      node_version: process.version,
      os: process.platform,
      arch: process.arch,
    })
  })
  return addSharedOptions(command)
}
