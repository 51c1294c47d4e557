import { defineConfig } from 'vitest/config'

// Tests use the build, as users do: worker threads and child processes load real .js files, so the library must not be
// transformed here, and there must be one copy of each class on both sides. `server.deps.external` leaves it to Node.
export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts', 'bench/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    pool: 'forks',
    testTimeout: 20_000,
    hookTimeout: 20_000,
    reporters: ['default'],
    server: { deps: { external: [/\/packages\/[^/]+\/dist\//, /\/(examples|bench)\/dist\//] } },
  },
})
