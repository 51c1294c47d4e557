// What is done on each device. The pools run it, on a task or on a thread; it looks the same on both.
import { currentCall } from 'rungs'
import { DeviceError } from './device-error.js'
import type { Device } from './inventory.js'
import { SshSession } from './ssh-session.js'
import { readHostname, readVersion } from './vendors.js'

export interface Facts {
  readonly name: string
  readonly vendor: string
  readonly version: string
  readonly configLines: number
}

export async function collect(device: Device): Promise<Facts> {
  // A timeout or a cancel aborts the signal, and with it the connection: no device is left with a session nobody wants.
  using session = await SshSession.open(device, currentCall()?.signal)
  const found = readVersion(await session.run('show version'))
  const config = await session.run('show running-config')
  const name = readHostname(config)
  if (found === undefined || name === undefined) throw new DeviceError('ANSWER_NOT_UNDERSTOOD', `${device.host} is of no known kind`)
  return { name, vendor: found.vendor, version: `${found.vendor} ${found.version}`, configLines: config.split('\n').length - 1 }
}
