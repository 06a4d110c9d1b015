/**
 * What starts the app at login on Linux: a desktop entry in the user's autostart folder. Pure.
 * @param command the program and its arguments
 * @see freedesktop.org, Desktop Entry Specification, "The Exec key"
 */
export const autostartEntry = (command: readonly string[]): string =>
  `[Desktop Entry]
Type=Application
Name=Holdfast
Comment=Starts backups by their schedules
Exec=${command.map(quoted).join(' ')}
Terminal=false
X-GNOME-Autostart-enabled=true
`

/** Reserved characters are quoted; a percent sign would be a field; the value itself is escaped once more. */
function quoted(word: string): string {
  const value = word.replaceAll('%', '%%')
  if (/^[\w@%+=:,./-]+$/.test(value)) return value
  return `"${value.replace(/["`$\\]/g, '\\$&')}"`.replaceAll('\\', '\\\\')
}
