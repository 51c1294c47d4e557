// Devices on a bad day.
import { once } from 'node:events'
import { currentCall } from 'rungs'
import { showVersion as answer } from './devices.js'

type Trouble = 'refuses' | 'is silent' | 'is silent once'
const troubles: Record<string, Trouble> = { 'ber-1': 'refuses', 'cdg-1': 'is silent once', 'lhr-1': 'is silent', 'vie-1': 'refuses' }

export { hosts } from './devices.js'

export async function showVersion(host: string): Promise<string> {
  const call = currentCall()
  const trouble = troubles[host]
  if (trouble === 'refuses') throw new Error('login refused')
  if (trouble === 'is silent' || (trouble === 'is silent once' && call?.attempt === 1)) await endOf(call?.signal)
  return answer(host)
}

async function endOf(signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) throw new Error('without a signal this would never end')
  if (!signal.aborted) await once(signal, 'abort')
  signal.throwIfAborted()
}
