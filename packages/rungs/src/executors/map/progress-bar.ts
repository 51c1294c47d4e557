// `progress: true`: one line on stderr, drawn over and over, gone at the end. Nothing where that is not a terminal.
import type { Progress } from '../../core/executor.js'

/** The part of a terminal that a bar needs. */
export interface Terminal {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  write(text: string): unknown
}

/** To the start of the line, and clear what is there. */
const clearLine = '\r\x1b[K'
const narrowest = 10
const widest = 40

/** Draws on `terminal`; undefined if that is not one. */
export function progressBar(terminal: Terminal): { draw(progress: Progress): void; clear(): void } | undefined {
  if (!terminal.isTTY) return undefined
  return {
    // The last column stays free: some terminals start a new line as soon as it is written.
    draw: (progress) => void terminal.write(clearLine + progressLine(progress, (terminal.columns ?? 80) - 1)),
    clear: () => void terminal.write(clearLine),
  }
}

/** What is shown of `progress` in at most `width` columns: the bar goes first when there is little room, then what is at the right. */
export function progressLine(progress: Progress, width: number): string {
  const { done, total, failed, ratePerSecond, etaMs } = progress
  const parts = [total === undefined ? `${done}` : `${done}/${total}`]
  if (total !== undefined && total > 0) parts.push(`${Math.floor((done * 100) / total)}%`)
  if (failed > 0) parts.push(`${failed} failed`)
  if (ratePerSecond > 0) parts.push(`${rate(ratePerSecond)}/s`)
  if (etaMs !== undefined && done !== total) parts.push(`${duration(etaMs)} left`)
  while (parts.length > 1 && parts.join('  ').length > width) parts.pop()
  const text = parts.join('  ')
  const room = Math.min(widest, width - text.length - 3)
  if (total === undefined || total === 0 || room < narrowest) return text.slice(0, Math.max(0, width))
  const filled = Math.min(room, Math.round((done * room) / total))
  return `[${'#'.repeat(filled)}${'-'.repeat(room - filled)}] ${text}`
}

function rate(perSecond: number): string {
  if (perSecond >= 1_000_000) return `${(perSecond / 1_000_000).toFixed(1)}M`
  if (perSecond >= 10_000) return `${(perSecond / 1_000).toFixed(0)}k`
  return perSecond >= 10 ? perSecond.toFixed(0) : perSecond.toFixed(1)
}

function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1_000)
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}m${String(seconds % 60).padStart(2, '0')}s`
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`
}
