// Where code was written: the URL of a script, its text, and whether a worker may import it.

import { readFileSync, realpathSync, statSync } from 'node:fs'
import * as modules from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { stackOf, withFrames } from '../core/frames.js'
import { library } from '../core/places.js'
import { ask } from './inspector.js'
import { asUrl, pathOf } from './script-names.js'

const own = modules.createRequire(import.meta.url)
const urls = new Map<string, string>()

/** Where a function was written, as the inspector tells it. */
interface Location {
  readonly scriptId: string | undefined
  readonly line: number
  readonly column: number
}

/**
 * The URL of the script that a function was written in. Mostly it is one of those that are running right now; else the profiler knows,
 * without any lasting effect (2 ms, once for all scripts loaded so far).
 */
export function urlOf({ scriptId, line, column }: Location, fn: object): string | undefined {
  if (scriptId === undefined) return undefined
  const known = urls.get(scriptId)
  if (known !== undefined) return known
  if (isMadeOfStrings(fn)) return ''
  if (!askCallSites()) askStack(scriptId, line, column, fn)
  if (!urls.has(scriptId)) askProfiler()
  if (!urls.has(scriptId)) urls.set(scriptId, '')
  return urls.get(scriptId)
}

/** Made by `new Function`: a script of its own without a name, and maybe one of thousands. Nobody writes a text like the one that it gets. */
function isMadeOfStrings(fn: object): boolean {
  const text = Function.prototype.toString.call(fn)
  return /^(async )?function\*? anonymous\(([^\n].*)?\n\) \{\n/s.test(text) && !text.includes('sourceURL=')
}

/** Says what script this is, when something else has told it. */
export function nameScript({ scriptId }: Location, url: string): void {
  if (scriptId !== undefined) urls.set(scriptId, url)
}

/** From Node 22 the frames of this very call tell: the function that is submitted mostly comes from one of them. */
function askCallSites(): boolean {
  const { getCallSites } = process.getBuiltinModule('node:util') as {
    getCallSites?: (frames: number, options: { sourceMap: boolean }) => { scriptId?: string; scriptName: string }[]
  }
  if (getCallSites === undefined) return false
  for (const site of getCallSites(30, { sourceMap: false })) {
    if (site.scriptId !== undefined && site.scriptName !== '') urls.set(String(site.scriptId), asUrl(site.scriptName))
  }
  return true
}

/** Before Node 22 frames have no script id: the script is the one whose text has this function at this place. */
function askStack(scriptId: string, line: number, column: number, fn: object): void {
  const stack = withFrames(30, () => stackOf(new Error()))
  const source = Function.prototype.toString.call(fn)
  // Short texts stand at many places.
  if (typeof stack !== 'string' || source.length < 12) return
  const here = library.href
  for (const name of new Set(
    [...stack.matchAll(/\(?((?:file:\/\/|\/)[^\s()]+?):\d+:\d+\)?$/gm)].map((match) => asUrl(match[1] as string)),
  )) {
    const text = name.startsWith(here) ? undefined : textOf(name)
    const offset = text === undefined ? -1 : offsetOf(text, line, column)
    if (text === undefined || offset < 0) continue
    const start = text.lastIndexOf(source, offset)
    if (start < 0 || start + source.length <= offset) continue
    urls.set(scriptId, name)
    return
  }
}

function askProfiler(): void {
  // Under coverage the domain is in use by another session; each session has a state of its own, so disabling ours is safe.
  ask('Profiler.enable')
  const coverage = ask<{ result: { scriptId: string; url: string }[] }>('Profiler.getBestEffortCoverage')
  ask('Profiler.disable')
  for (const script of coverage?.result ?? []) if (script.url !== '') urls.set(script.scriptId, asUrl(script.url))
}

let entry: string | undefined

/** The URL of the program itself: importing it in a worker would run it again. In a worker it is what the worker was started with. */
function entryUrl(): string {
  if (entry === undefined) {
    const named = process.argv[1]
    entry = ''
    if (named !== undefined && !named.startsWith('[')) {
      const path = named.startsWith('file:') ? fileURLToPath(named) : named
      entry = pathToFileURL(resolved(path)).href
    }
  }
  return entry
}

/** `node app` runs app.js, and links are followed as Node follows them. */
function resolved(path: string): string {
  try {
    // Asking the loader takes two milliseconds, and mostly the path is that of the file.
    return realpathSync(statSync(path, { throwIfNoEntry: false })?.isFile() ? path : own.resolve(path))
  } catch {
    return path
  }
}

/** Says whether importing `url` would run the program again. */
export function isEntry(url: string): boolean {
  const bare = url.split(/[?#]/, 1)[0] as string
  if (bare === entryUrl()) return true
  // Some process managers load the program themselves, and only Node's own record tells what it is.
  const main = own.main?.filename
  return main !== undefined && bare === pathToFileURL(main).href
}

const texts = new Map<string, string | undefined>()

/** The text of a script as it was loaded, as far as the disk tells; types are blanked out as Node's own stripping does it. */
export function textOf(url: string): string | undefined {
  if (texts.has(url)) return texts.get(url)
  const text = readText(url)
  texts.set(url, text)
  return text
}

function readText(url: string): string | undefined {
  const path = pathOf(url)
  if (path === undefined) return undefined
  try {
    const text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '')
    return /\.[cm]?ts$/.test(path) ? stripTypes(text) : text
  } catch {
    return undefined
  }
}

function stripTypes(text: string): string | undefined {
  const { stripTypeScriptTypes } = modules as { stripTypeScriptTypes?: (code: string) => string }
  if (stripTypeScriptTypes === undefined) return undefined
  const emitWarning = process.emitWarning
  // The program runs on stripped types already, and was told that this is experimental.
  process.emitWarning = () => {}
  try {
    return stripTypeScriptTypes(text)
  } catch {
    return undefined
  } finally {
    process.emitWarning = emitWarning
  }
}

/** Where a position in a text is, from 0. */
export function offsetOf(text: string, line: number, column: number): number {
  let start = 0
  for (let passed = 0; passed < line; passed++) {
    const next = text.indexOf('\n', start)
    if (next < 0) return -1
    start = next + 1
  }
  return start + column
}

/** The line and column of an offset, from 0. */
export function positionOf(text: string, offset: number): { line: number; column: number } {
  let line = 0
  let start = 0
  for (let next = text.indexOf('\n'); next >= 0 && next < offset; next = text.indexOf('\n', start)) {
    line++
    start = next + 1
  }
  return { line, column: offset - start }
}

/** `src/app.js:12`, as an error message names a place: the file as the author knows it when there is a source map. */
export function placeOf(url: string, line: number, column: number): string {
  const path = pathOf(url)
  if (path === undefined) return `${url}:${line + 1}`
  const original = originalOf(path, line, column)
  return original === undefined ? `${path}:${line + 1}` : `${original.path}:${original.line + 1}`
}

/**
 * The frames of a stack from another side, as the author knows them. Functions that were sent there run under the name of the file that they come from,
 * and only the side that has loaded the file has its source map: that of a compiler (with --enable-source-maps), or that of a tool that takes types away in
 * memory (tsx) and puts all in one line. What was mapped there already is in files without a map, or on lines that the text of the tool does not have.
 */
export function withOriginalLines(stack: string): string {
  return stack.replace(
    /((?:file:\/\/)?\/[^\s()]+\.[cm]?[jt]sx?):(\d+):(\d+)(?=\)?$)/gm,
    (frame, name: string, line: string, column: string) => {
      const path = pathOf(asUrl(name))
      const original = path === undefined ? undefined : originalOf(path, Number(line) - 1, Number(column) - 1)
      if (original === undefined || original.generatedLine !== Number(line) - 1) return frame
      return `${original.path === path ? name : original.path}:${original.line + 1}:${original.column + 1}`
    },
  )
}

/** Where the tool that made the text of a file says that this was written; from 0. */
function originalOf(
  path: string,
  line: number,
  column: number,
): { path: string; line: number; column: number; generatedLine: number } | undefined {
  const found = modules.findSourceMap(path)?.findEntry(line, column) as Partial<modules.SourceMapping> | undefined
  if (found?.originalSource === undefined || found.originalLine === undefined) return undefined
  const { originalSource, originalLine, originalColumn = 0, generatedLine = 0 } = found
  return { path: pathOf(originalSource) ?? originalSource, line: originalLine, column: originalColumn, generatedLine }
}
