// Programs of other kinds as callers: CommonJS, -e, the REPL, coverage, nested workers, without the inspector.
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url))
const poolUrl = new URL('./fixtures/tiny-pool.js', import.meta.url).href
const [major, minor] = process.versions.node.split('.').map(Number) as [number, number]

const DEADLINE = 18_000

function run(args: string[], { input = '', env = {} as Record<string, string> } = {}): Promise<{ out: string; err: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { env: { ...process.env, ...env } })
    const deadline = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`node ${args.join(' ')} did not end within ${DEADLINE} ms\n${out}\n${err}`))
    }, DEADLINE)
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk) => {
      out += chunk
      // The REPL goes on until its input ends.
      if (input !== '' && out.includes('done')) child.stdin.end()
    })
    child.stderr.on('data', (chunk) => {
      err += chunk
    })
    child.on('error', reject)
    child.on('close', () => {
      clearTimeout(deadline)
      resolve({ out, err })
    })
    if (input === '') child.stdin.end()
    else child.stdin.write(input)
  })
}

const script = `const k = 3; let n = 1; class A { v = k }; var g = 5; function h() { return k + g }
import('${poolUrl}').then(async ({ TinyPool }) => { const p = new TinyPool(); n = 2; const a = await p.submit(() => new A())
console.log(JSON.stringify([await p.submit(() => [k, n, h(), typeof require, path.sep]), a instanceof A]), 'done'); await p.end() })
`

describe('programs', () => {
  it('a CommonJS program', async () => {
    const { out } = await run([fixture('program.cjs')])
    expect(JSON.parse(out)).toEqual({
      arrow: 6,
      function: 6,
      class: true,
      node: 'program.cjs',
      directory: 'fixtures',
      require: 'b',
      imported: 42,
      captured: 8,
      sloppy: 'object',
      dynamic: 2,
    })
  })

  it('a program that SWC compiled to CommonJS', async () => {
    const { out } = await run([fixture('getters.cjs')])
    expect(JSON.parse(out)).toEqual({ argument: true, captured: true, result: true, counted: 0, wildcard: 'b', os: 'function' })
  })

  it('a program that TypeScript compiled to CommonJS', async () => {
    const { out, err } = await run([fixture('compiled.cjs')])
    expect(err).toBe('')
    expect(JSON.parse(out)).toEqual({
      called: 13,
      submitted: 6,
      default: 13,
      node: 'b',
      star: 'function\n',
      own: 8,
      inside: 10,
      changes: [3, 3],
      point: 'true,8',
      back: true,
      enum: 'Red',
      module: [true, 'b'],
    })
  })

  it('calls that submit calls', async () => {
    const { out } = await run([fixture('nested.js')])
    expect(JSON.parse(out)).toEqual({ marks: [true, 108, true, true], nested: [6, 'function'] })
  })

  it('node -e', async () => {
    const { out } = await run(['-e', script])
    expect(out).toContain('[[3,2,8,"function","/"],true] done')
  })

  it('the REPL', async () => {
    const { out } = await run(['-i'], { input: script })
    expect(out).toContain('[[3,2,8,"function","/"],true] done')
  })

  it.each(['NODE_V8_COVERAGE', 'inspect'])('under %s', async (how) => {
    const folder = mkdtempSync(join(tmpdir(), 'rungs-'))
    try {
      const { out } =
        how === 'inspect'
          ? await run(['--inspect=0', fixture('shapes-classes.js'), 'thread'])
          : await run([fixture('shapes-classes.js'), 'thread'], { env: { NODE_V8_COVERAGE: folder } })
      const problems = out.split('\n').filter((line) => line.includes('"problem"'))
      expect(out).toContain('{"name"')
      expect(problems).toEqual([])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('leaves the coverage of a file as it is: what is counted in a worker has other offsets', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rungs-'))
    try {
      const { out } = await run([fixture('shapes-classes.js'), 'thread'], { env: { NODE_V8_COVERAGE: folder } })
      expect(out).toContain('{"name"')
      const reports = readdirSync(folder).map(
        (name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as { result: { url: string }[] },
      )
      expect(reports.length).toBe(2)
      const named = reports.map(
        ({ result }) => result.filter(({ url }) => url.endsWith('/shapes-classes.js') && url.startsWith('file:')).length,
      )
      expect(named.sort()).toEqual([0, 1])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('without the inspector: what captures nothing crosses, the rest is refused by name', async () => {
    const flag = major >= 24 || (major === 22 && minor >= 13) || major === 23 ? '--permission' : '--experimental-permission'
    const { out } = await run([flag, '--allow-fs-read=*', '--allow-worker', fixture('without-inspector.js')])
    expect(JSON.parse(out)).toEqual({
      plain: 42,
      helper: 'captured variables cannot be read here',
      linked: 8,
      builtin: 3,
    })
  })
})
