// What the programs of this folder ask: stand-ins for network devices. `examples/src/fleet` asks real SSH servers.
import { setTimeout as sleep } from 'node:timers/promises'
import { currentCall } from 'rungs'

const versions: Record<string, string> = {
  'ams-1': '15.2(7)E9',
  'ber-1': '15.2(7)E6',
  'cdg-1': '17.9.5',
  'lhr-1': '9.3(13)',
  'vie-1': '10.2(6)',
  'zrh-1': '4.31.2F',
}

export const hosts = Object.keys(versions)

/** Waits for the device, as an SSH client does, without keeping the thread. */
export async function showVersion(host: string): Promise<string> {
  await sleep(20, undefined, { signal: currentCall()?.signal })
  return `${host} runs ${versions[host] ?? 'something unknown'}`
}
