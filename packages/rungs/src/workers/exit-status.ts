import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import type { Death } from './host.js'

/** How a child ended that nobody has waited for yet. Linux only; elsewhere that is known as soon as the event loop goes on. */
export function exitStatusOf(pid: number): Omit<Death, 'inPeace'> | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] !== 'Z') return undefined
    // The last field, as waitpid() gives it.
    const status = Number(fields[fields.length - 1])
    return (status & 0x7f) === 0 ? { exitCode: status >> 8 } : { signal: signalName(status & 0x7f) }
  } catch {
    return {}
  }
}

function signalName(number: number): string {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `signal ${number}`
}
