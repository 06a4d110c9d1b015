import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'

/** `scripts/build.ts` has it built beside `out/`, so that what is there stays until all of it can be replaced. */
const out = process.env['HOLDFAST_BUILD_INTO'] ?? 'out'

/** Modules that are started rather than imported (threads, processes) are named by address, and end in .js when built. */
const startedModules = {
  name: 'holdfast:started-modules',
  renderChunk: (code: string) =>
    code.replace(/new URL\("([\w./-]+)\.ts", import\.meta\.url\)/g, 'new URL("$1.js", import.meta.url)'),
}

/**
 * What ships. The main side keeps its files, and `out/` mirrors `src/` in depth: `src/main/…` becomes `out/main/…`,
 * `src/shared/…` becomes `out/shared/…`. So threads, kernels and pictures are found by where they lie, relative to the
 * module that asks, from sources as from what was built. The preload becomes one file (a sandboxed preload can't load
 * others), the renderer is bundled. `scripts/build.ts` empties the folders first.
 */
export default defineConfig({
  main: {
    plugins: [startedModules],
    build: {
      outDir: out,
      emptyOutDir: false,
      minify: false,
      externalizeDeps: true,
      rollupOptions: {
        // what starts as a process or a thread of its own; everything else is reached from here
        input: [
          'src/main/shells/electron/main.ts',
          'src/main/shells/cli/main.ts',
          'src/main/engine/workers/thread.ts',
          'src/main/engine/workers/read-thread.ts',
          'src/main/services/vault/keychain-process.ts',
        ],
        output: {
          format: 'es',
          preserveModules: true,
          preserveModulesRoot: 'src',
          entryFileNames: '[name].js',
        },
      },
    },
  },
  preload: {
    build: {
      outDir: `${out}/preload`,
      emptyOutDir: true,
      minify: false,
      rollupOptions: {
        input: 'src/main/shells/electron/preload.ts',
        output: { format: 'cjs', entryFileNames: 'preload.cjs' },
      },
    },
  },
  renderer: {
    root: 'src/renderer',
    plugins: [react()],
    build: {
      outDir: `${out}/renderer`,
      emptyOutDir: true,
      // the page's policy takes fonts from files alone
      assetsInlineLimit: 0,
      rollupOptions: {
        input: 'src/renderer/index.html',
        // together with what says how they are made, so that it is said before the first one is
        output: {
          manualChunks: id => (/node_modules\/zod\/|renderer\/schemas\.ts$/.test(id) ? 'schemas' : null),
        },
      },
    },
  },
})
