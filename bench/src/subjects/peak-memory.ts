import { readFileSync } from 'node:fs'

/**
 * The most memory this process has had resident, in bytes. On Linux from /proc: the figure of getrusage is not smaller there than
 * the parent was when it forked.
 */
export function peakMemory(): number {
  if (process.platform === 'linux') {
    const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    if (kilobytes !== undefined) return Number(kilobytes) * 1024
  }
  return process.resourceUsage().maxRSS * 1024
}
