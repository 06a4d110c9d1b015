import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { programVersion } from '../../src/main/engine/version.ts'

test('snapshots name the version that package.json has', () => {
  const { name, version } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, string>
  expect(programVersion).toBe(`${name} ${version}`)
})
