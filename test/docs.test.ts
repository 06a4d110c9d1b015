import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const documents = ['README.md', 'CHANGELOG.md', ...globSync('{docs,changes}/**/*.md')]

test.each(documents)('%s: every link to a file leads somewhere', path => {
  const links = [...readFileSync(path, 'utf8').matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, to]) => to!)
  const dead = links.filter(to => !/^[a-z]+:/.test(to) && !existsSync(join(dirname(path), to)))
  expect(dead).toEqual([])
})

test('every invariant has its own number and a test that exists', () => {
  const text = readFileSync('docs/invariants.md', 'utf8')
  const lines = text.split(/^(?=\d+\. )/m).slice(1)
  const numbers = lines.map(line => Number.parseInt(line, 10))
  expect(new Set(numbers).size).toBe(numbers.length)
  const unproven = lines.filter(line => {
    const tests = [...line.matchAll(/`(test\/[^`]+)`/g)].map(([, path]) => path!)
    return tests.length === 0 || !tests.every(path => existsSync(path))
  })
  expect(unproven).toEqual([])
})

test('every change says its kind in the first line and has a text', () => {
  for (const path of globSync('changes/*.md').filter(path => !path.endsWith('README.md'))) {
    expect(readFileSync(path, 'utf8'), path).toMatch(/^(new|changed|fixed|security): .+\n\n\S/)
  }
})

test('every script that a document tells to run exists', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
  for (const path of documents) {
    const runs = [...readFileSync(path, 'utf8').matchAll(/npm run (?:-s )?([a-z:]+)/g)].map(
      ([, name]) => name!,
    )
    expect(
      runs.filter(name => scripts[name] === undefined && name !== 'script'),
      path,
    ).toEqual([])
  }
})
