import type { ServerChannel } from 'ssh2'

/** Reads lines and answers them one after the other, until `exit`. Echoes, since a client with a terminal leaves that to us. */
export function serveShell(channel: ServerChannel, name: string, answer: (command: string) => Promise<{ output: string }>): void {
  const prompt = `${name}# `
  let line = ''
  let answered = Promise.resolve()

  const onLine = async (command: string) => {
    if (command === 'exit') {
      channel.exit(0)
      channel.end()
      return
    }
    const output = command === '' ? '' : (await answer(command)).output
    channel.write(output.replaceAll('\n', '\r\n') + prompt)
  }

  channel.write(prompt)
  channel.on('data', (chunk: Buffer) => {
    for (const character of chunk.toString()) {
      if (character === '\r' || character === '\n') {
        const command = line.trim()
        line = ''
        channel.write('\r\n')
        answered = answered.then(() => onLine(command))
      } else if (character === '\x7f') {
        if (line !== '') channel.write('\b \b')
        line = line.slice(0, -1)
      } else {
        line += character
        channel.write(character)
      }
    }
  })
}
