import { Component, type ReactNode } from 'react'
import { toWireError } from '../../shared/errors.ts'
import { ErrorNote } from './ErrorNote.tsx'

/**
 * Keeps what breaks in one screen from taking the window with it. React catches what a component throws only in a class.
 */
export class Boundary extends Component<{ children: ReactNode }, { failed: unknown }> {
  override state: { failed: unknown } = { failed: null }
  static getDerivedStateFromError(error: unknown): { failed: unknown } {
    return { failed: error ?? new Error('Something without a name was thrown.') }
  }
  override render(): ReactNode {
    const { failed } = this.state
    if (failed === null) return this.props.children
    const { message } = toWireError(failed)
    return (
      <div style={{ padding: 24 }}>
        <ErrorNote
          error={{
            code: 'internal',
            message: `This page can not be shown: ${message}`,
            hint: 'Backups are not affected. Try it again, and report it if it comes back.',
          }}
          // a part of the page that could not be fetched is only asked for again by a new page
          again={() =>
            message.includes('dynamically imported') ? location.reload() : this.setState({ failed: null })
          }
        />
      </div>
    )
  }
}
