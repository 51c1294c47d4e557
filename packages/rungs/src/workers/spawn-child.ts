// How a worker process is started: its flags, its environment, and what is at its descriptors.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { library } from '../core/places.js'
import { closePartFiles, type PartFiles } from './part-file.js'

export interface ChildOptions {
  readonly execPath: string | undefined
  readonly execArgv: readonly string[] | undefined
  readonly env: NodeJS.ProcessEnv | undefined
  readonly cwd: string | undefined
  readonly stdio: 'inherit' | 'ignore'
  readonly uid: number | undefined
  readonly gid: number | undefined
}

const main = fileURLToPath(new URL('workers/process-main.js', library))

export function spawnChild(options: ChildOptions, files: PartFiles | undefined): ChildProcess {
  try {
    return spawn(options.execPath ?? process.execPath, [...(options.execArgv ?? inheritedFlags()), main], spawnOptions(options, files))
  } catch (error) {
    closePartFiles(files)
    throw error
  }
}

function spawnOptions(options: ChildOptions, files: PartFiles | undefined): SpawnOptions {
  const { cwd, uid, gid } = options
  const printed = options.stdio === 'inherit' ? 'pipe' : 'ignore'
  return {
    // stderr is read in any case: what a process said last is the best that there is to tell about a sudden end.
    stdio: ['ignore', printed, 'pipe', 'pipe', 'pipe', ...(files === undefined ? [] : [files.there, files.back])],
    env: options.env ?? process.env,
    serialization: 'json',
    windowsHide: true,
    ...(cwd !== undefined && { cwd }),
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
  } as SpawnOptions
}

/** Flags of this process that say how to run, not what. */
function inheritedFlags(): string[] {
  const flags: string[] = []
  const skipped =
    /^(-e|-p|-pe|-i|-c|--eval|--print|--interactive|--check|--input-type|--inspect.*|--test.*|--watch.*|--run|--build-snapshot.*|--title|--cpu-prof.*|--heap-prof.*|--prof)$/
  const withValue = /^(-e|-p|-pe|--eval|--print|--title|--input-type)$/
  for (let index = 0; index < process.execArgv.length; index++) {
    const flag = process.execArgv[index] ?? ''
    if (!skipped.test(flag.split('=')[0] ?? flag)) flags.push(flag)
    // A value may be a word of its own.
    else if (withValue.test(flag) || !(process.execArgv[index + 1] ?? '-').startsWith('-')) index++
  }
  // Asked for by functions that are compiled with the importer of their module; nothing that a user could change.
  if (process.allowedNodeEnvironmentFlags.has('--disable-warning')) flags.push('--disable-warning=ExperimentalWarning')
  return flags
}

/** ENOENT is said of the program also when it is the folder that is not there. */
export function explained(error: Error, { cwd }: ChildOptions): Error {
  if (cwd === undefined || statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) return error
  return new Error(`There is no folder ${cwd} (cwd)`, { cause: error })
}
