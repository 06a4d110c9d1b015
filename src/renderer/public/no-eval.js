// Before any module, in whatever order a bundler puts them: schemas are not compiled into code when they are made. The
// page's policy forbids that, and complains when it is tried.
globalThis.__zod_globalConfig = { jitless: true }
