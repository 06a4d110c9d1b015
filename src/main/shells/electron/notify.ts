import { Notification } from 'electron'
import type { Note } from './notices.ts'

/** Shows native notifications; a click leads to where they speak of. */
export function createNotifier(open: (route: string) => void): (note: Note) => void {
  // One that nobody holds is collected, and its click with it.
  const shown = new Set<Notification>()
  return ({ title, body, route }) => {
    if (!Notification.isSupported()) return
    const notification = new Notification({ title, body })
    shown.add(notification)
    const forget = () => void shown.delete(notification)
    notification.on('click', () => {
      forget()
      open(route)
    })
    notification.on('close', forget)
    notification.on('failed', forget)
    notification.show()
  }
}
