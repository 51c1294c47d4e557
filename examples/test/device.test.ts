import { once } from 'node:events'
import ssh2 from 'ssh2'
import { describe, expect, it, onTestFinished } from 'vitest'
import { password } from '../dist/fleet/credentials.js'
import { DeviceServer } from '../dist/fleet/device-server.js'
import { type Behaviour, planFleet } from '../dist/fleet/plan.js'
import { SshSession } from '../dist/fleet/ssh-session.js'

async function started(behaviour: Behaviour): Promise<DeviceServer> {
  const plan = planFleet({ count: 16, seed: 1, latency: { min: 0, max: 5 } }).find((device) => device.behaviour === behaviour)
  if (plan === undefined) throw new Error(`a fleet without a device that ${behaviour}`)
  const server = await DeviceServer.start(plan, '127.0.0.1')
  onTestFinished(() => server.close())
  return server
}

const open = async (server: DeviceServer, signal?: AbortSignal) => {
  const session = await SshSession.open(server.device, signal)
  onTestFinished(() => session[Symbol.dispose]())
  return session
}

describe('a device', () => {
  it('answers commands, and says what is wrong with others', async () => {
    const server = await started('answers')
    const session = await open(server)
    expect(await session.run('show version')).toContain(server.plan.version)
    expect(await session.run('show running-config')).toContain(`hostname ${server.plan.name}\n`)
    await expect(session.run('reload')).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: "'reload' failed: % Invalid input: reload",
    })
  })

  it('has a shell', async () => {
    const { device, plan } = await started('answers')
    const client = new ssh2.Client()
    client.connect({ host: device.host, port: device.port, username: device.user, password })
    await once(client, 'ready')
    const shell = await new Promise<ssh2.ClientChannel>((resolve, reject) =>
      client.shell((error, channel) => (error ? reject(error) : resolve(channel))),
    )
    let screen = ''
    shell.setEncoding('utf8').on('data', (text: string) => {
      screen += text
    })
    shell.write('shoow\x7f\x7f\x7fow version\rexit\r')
    await once(shell, 'close')
    client.end()
    expect(screen.startsWith(`${plan.name}# `)).toBe(true)
    expect(screen).toContain(plan.version)
    expect(screen).not.toContain('Invalid input')
  })

  it('that refuses is told apart from one that is lost', async () => {
    await expect(open(await started('refuses'))).rejects.toMatchObject({ name: 'DeviceError', code: 'LOGIN_REFUSED' })
    await expect(open(await started('resets once'))).rejects.toMatchObject({
      code: expect.stringMatching(/^(ECONNRESET|CONNECTION_LOST)$/),
    })
  })

  it('that fails once answers then, and fails again after it forgot', async () => {
    const server = await started('resets once')
    await expect(open(server)).rejects.toThrow()
    await open(server)
    server.forget()
    await expect(open(server)).rejects.toThrow()
  })

  it('that is silent is left when the signal is aborted', async () => {
    const server = await started('silent')
    const wait = new AbortController()
    const opened = open(server, wait.signal)
    const reason = new Error('long enough')
    wait.abort(reason)
    await expect(opened).rejects.toBe(reason)
    await expect(open(server, wait.signal)).rejects.toBe(reason)
  })
})
