import { config } from 'zod'

// Schemas are not compiled into code: the page's policy forbids it, and only complains when it is tried. Imported before
// anything that makes a schema, for that is when it would be tried.
config({ jitless: true })
