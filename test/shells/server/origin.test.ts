import { expect, test } from 'vitest'
import {
  foreign,
  isLoopback,
  urlOf,
  type Place,
  type Provenance,
} from '../../../src/main/shells/server/origin.ts'

const place: Place = { scheme: 'http', address: '127.0.0.1', port: 7777, allowedHosts: [] }
const request: Provenance = {
  method: 'POST',
  host: '127.0.0.1:7777',
  origin: undefined,
  site: undefined,
  mode: undefined,
}

test.each<[Partial<Place>, Partial<Provenance>, 'ours' | 'foreign']>([
  [{}, {}, 'ours'],
  [{}, { host: undefined }, 'foreign'],
  [{}, { host: '' }, 'foreign'],
  [{}, { host: '0.0.0.0:7777' }, 'foreign'],
  [{}, { host: '127.0.0.1:77777' }, 'foreign'],
  [{ port: 80 }, { host: 'localhost' }, 'ours'],
  [{ port: 443 }, { host: 'localhost' }, 'foreign'],
  [{ port: 443, scheme: 'https' }, { host: 'localhost' }, 'ours'],
  [{ address: '192.168.1.4' }, { host: '192.168.1.4:7777' }, 'ours'],
  [{ address: '0.0.0.0' }, { host: '0.0.0.0:7777' }, 'foreign'],
  [{ address: '0.0.0.0' }, { host: '192.168.1.4:7777' }, 'foreign'],
  [{ address: 'fd00::4' }, { host: '[fd00::4]:7777' }, 'ours'],
  [{ allowedHosts: ['Box.Example'] }, { host: 'box.example' }, 'ours'],
  [{ allowedHosts: ['[fd00::4]'] }, { host: '[fd00::4]:7777' }, 'ours'],
  [{ allowedHosts: ['box.example:8443'] }, { host: 'box.example' }, 'foreign'],
  [{ allowedHosts: ['box.example:8443'] }, { host: 'box.example:8443' }, 'ours'],
  [{}, { origin: 'http://127.0.0.1:7777' }, 'ours'],
  [{}, { origin: 'http://localhost:7777' }, 'foreign'], // a page of the one name does not call by the other
  [{}, { origin: 'https://127.0.0.1:7777' }, 'foreign'],
  [{ scheme: 'https' }, { origin: 'https://127.0.0.1:7777' }, 'ours'],
  [{ scheme: 'https' }, { origin: 'http://127.0.0.1:7777' }, 'foreign'],
  [{}, { site: 'none' }, 'ours'],
  [{}, { site: 'same-origin' }, 'ours'],
  [{}, { site: 'same-site', mode: 'navigate' }, 'foreign'],
  [{}, { site: 'same-site', mode: 'navigate', method: 'GET' }, 'ours'],
  [{}, { site: 'same-site', mode: 'no-cors', method: 'GET' }, 'foreign'],
  [{}, { site: 'cross-site', mode: 'navigate', method: 'GET' }, 'foreign'],
  [{}, { site: 'something new' }, 'foreign'],
])('%j, %j: %s', (where, what, verdict) => {
  const why = foreign({ ...place, ...where }, { ...request, ...what })
  expect(why === null ? 'ours' : 'foreign').toBe(verdict)
})

test('loopback is loopback only', () => {
  const all = [
    '127.0.0.1',
    '127.9.9.9',
    '::1',
    'localhost',
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '127.evil.example',
    '128.0.0.1',
  ]
  expect(all.filter(isLoopback)).toEqual(['127.0.0.1', '127.9.9.9', '::1', 'localhost'])
})

test('the address for people can be opened', () => {
  expect(urlOf(place)).toBe('http://127.0.0.1:7777/')
  expect(urlOf({ scheme: 'https', address: '::1', port: 1 })).toBe('https://[::1]:1/')
  expect(urlOf({ scheme: 'http', address: '0.0.0.0', port: 1 })).toBe('http://127.0.0.1:1/')
})
