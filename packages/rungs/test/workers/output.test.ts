import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

const program = `
import * as rungs from 'rungs'
const pool = new rungs[process.argv[1]](1)
const everyByte = Array.from({ length: 256 }, (_, n) => n)
await pool.submit((bytes) => void process.stdout.write(Buffer.from(bytes)), everyByte)
await pool.submit(() => {
  for (const byte of Buffer.from('é€😀')) process.stdout.write(Buffer.from([byte]))
  process.stdout.write('ff00', 'hex')
  console.log('text')
})
await pool.submit(() => void process.stdout.write(Buffer.from([0xe2, 0x82])))
await pool.submit(() => void process.stdout.write('!'))
await pool.shutdown()
`

describe('what a call prints', () => {
  it.each(['ThreadPoolExecutor', 'ProcessPoolExecutor'])('arrives byte by byte as it was written, be it text or not: %s', (name) => {
    const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', program, name], { cwd: import.meta.dirname })
    const everyByte = Array.from({ length: 256 }, (_, n) => n)
    const expected = Buffer.concat([
      Buffer.from(everyByte),
      Buffer.from('é€😀'),
      Buffer.from([0xff, 0]),
      Buffer.from('text\n'),
      Buffer.from([0xe2, 0x82]),
      Buffer.from('!'),
    ])
    expect(printed.toString('hex')).toBe(expected.toString('hex'))
  })
})
