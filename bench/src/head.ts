import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'
import { measuredPackages, versionOf } from './versions.js'

/** What has to be known to read a figure, or to measure it again. */
export interface Head {
  readonly machine: string
  readonly system: string
  readonly node: string
  readonly date: string
  readonly command: string
  readonly packages: string
  readonly bounds: string
}

export function headOf(args: readonly string[], bounds: string): Head {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor'
  const gigabytes = Math.round(totalmem() / 2 ** 30)
  return {
    machine: `${model}, ${availableParallelism()} cores, ${gigabytes} GB, load ${loadavg()[0]?.toFixed(2)} before`,
    system: `${type()} ${release()} ${process.arch}`,
    node: process.version,
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    command: ['npm run bench --', ...args].join(' '),
    packages: measuredPackages()
      .map((name) => `${name} ${versionOf(name) ?? '(not installed)'}`)
      .join(', '),
    bounds,
  }
}

export function headText(head: Head): string {
  return Object.entries(head)
    .map(([key, value]) => `${key.padEnd(9)} ${value}`)
    .join('\n')
}
