import {
  IconFile,
  IconFileCode,
  IconFileText,
  IconFileTypePdf,
  IconFileZip,
  IconFolder,
  IconDatabase,
  IconLink,
  IconMovie,
  IconMusic,
  IconPhoto,
  IconTable,
} from '@tabler/icons-react'
import { visible } from '../../../shared/wording.ts'
import classes from './Name.module.css'

/** A name from a disk: whatever is in it, it stays one line, in its own direction, and is text. */
export function Name({
  text,
  gone = false,
  strong = false,
}: {
  text: string
  gone?: boolean
  strong?: boolean
}) {
  const shown = visible(text)
  return (
    <bdi className={classes['name']} title={shown} data-gone={gone} data-strong={strong}>
      {shown}
    </bdi>
  )
}

/** A whole path, over several lines where it has to: broken at its slashes. */
export function Path({ text }: { text: string }) {
  return (
    <bdi className={classes['path']}>
      {visible(text)
        .split(/(?<=[/\\])/)
        .map((part, at) => (
          <span key={at}>
            {part}
            <wbr />
          </span>
        ))}
    </bdi>
  )
}

export function DeletedTag() {
  return <span className={classes['tag']}>deleted</span>
}

const byEnding: [typeof IconFile, string][] = [
  [IconTable, 'csv tsv xls xlsx ods numbers'],
  [IconFileText, 'txt md doc docx odt rtf pages log tex'],
  [IconFileTypePdf, 'pdf'],
  [IconPhoto, 'png jpg jpeg gif webp svg heic tif tiff bmp raw cr2 nef'],
  [IconFileZip, 'zip gz xz bz2 zst 7z rar tar tgz'],
  [IconMusic, 'mp3 flac ogg opus wav m4a aac'],
  [IconMovie, 'mp4 mkv mov avi webm m4v'],
  [IconFileCode, 'ts tsx js jsx json yaml yml toml html css c h cpp rs go py rb java sh sql xml'],
  [IconDatabase, 'db sqlite sqlite3 mdb'],
]
const endings = new Map(
  byEnding.flatMap(([icon, all]) => all.split(' ').map(ending => [ending, icon] as const)),
)

/** By its ending: a hint for the eye only. */
export function TypeIcon({ name, type, size = 16 }: { name: string; type: string; size?: number }) {
  const Icon =
    type === 'dir'
      ? IconFolder
      : type === 'symlink'
        ? IconLink
        : (endings.get(name.slice(name.lastIndexOf('.') + 1).toLowerCase()) ?? IconFile)
  return <Icon size={size} stroke={1.75} color="var(--hf-ink2)" aria-hidden="true" style={{ flex: 'none' }} />
}
