import { describe, expect, it } from 'vitest'
import { formatInventory, InventoryError, parseInventory } from '../dist/fleet/inventory.js'

const header = 'host,port,user,site'

function problemsOf(text: string): readonly string[] {
  try {
    parseInventory(text, 'fleet.csv')
  } catch (error) {
    if (error instanceof InventoryError) return error.problems
    throw error
  }
  return []
}

describe('an inventory', () => {
  it('is a device a line', () => {
    expect(parseInventory(`${header}\n10.0.0.1,22,admin,ams\nsw-1.example.net,2222,net.ops,ber-2\n`, 'fleet.csv')).toEqual([
      { host: '10.0.0.1', port: 22, user: 'admin', site: 'ams' },
      { host: 'sw-1.example.net', port: 2222, user: 'net.ops', site: 'ber-2' },
    ])
  })

  it('comes back from what was written', () => {
    const devices = [
      { host: '127.10.0.1', port: 1, user: 'admin', site: 'ams' },
      { host: '::1', port: 65_535, user: '_x', site: '7' },
    ]
    expect(parseInventory(formatInventory(devices), 'fleet.csv')).toEqual(devices)
  })

  it('may come from a spreadsheet: byte order mark, CRLF, empty lines at the end', () => {
    expect(parseInventory(`\uFEFF${header}\r\n10.0.0.1,22,admin,ams\r\n\r\n`, 'fleet.csv')).toHaveLength(1)
  })

  it.each([
    ['10.0.0.300,22,admin,ams', '2:1: host is "10.0.0.300", expected an IP address or a host name'],
    ['sw_1,22,admin,ams', '2:1: host is "sw_1", expected an IP address or a host name'],
    [',22,admin,ams', '2:1: host is "", expected an IP address or a host name'],
    ['10.0.0.1,ssh,admin,ams', '2:10: port is "ssh", expected a whole number from 1 to 65535'],
    ['10.0.0.1,0,admin,ams', '2:10: port is "0", expected a whole number from 1 to 65535'],
    ['10.0.0.1,65536,admin,ams', '2:10: port is "65536", expected a whole number from 1 to 65535'],
    ['10.0.0.1, 22,admin,ams', '2:10: port is " 22", expected a whole number from 1 to 65535'],
    [
      '10.0.0.1,22,-oProxyCommand,ams',
      '2:13: user is "-oProxyCommand", expected letters, digits, ".", "_" and "-", not beginning with "-"',
    ],
    ['10.0.0.1,22,admin,am s', '2:19: site is "am s", expected letters, digits and "-"'],
    ['10.0.0.1,22', '2:12: the line ends after "10.0.0.1,22", expected user: letters, digits, ".", "_" and "-", not beginning with "-"'],
    ['10.0.0.1,22,admin,ams,x,y', '2:23: "x,y" is left over, expected 4 fields: host,port,user,site'],
    ['"10.0.0.1",22,admin,ams', '2:1: host is "\\"10.0.0.1\\"", expected an IP address or a host name'],
  ])('refuses %s', (line, problem) => {
    expect(problemsOf(`${header}\n${line}\n`)).toEqual([`fleet.csv:${problem}`])
  })

  it('refuses another header, a device that is there twice, and no devices', () => {
    expect(problemsOf('host;port;user;site\n')).toEqual([
      'fleet.csv:1:1: the header is "host;port;user;site", expected "host,port,user,site"',
    ])
    expect(problemsOf(`${header}\na,22,u,s\nb,22,u,s\na,22,u,t\n`)).toEqual([
      'fleet.csv:4:1: "a:22" is already on line 2, expected each device once',
    ])
    expect(problemsOf(`${header}\n`)).toEqual(['fleet.csv:2:1: the file ends here, expected at least one device'])
    expect(problemsOf('')).toEqual(['fleet.csv:1:1: the header is "", expected "host,port,user,site"'])
  })

  it('tells all problems at once, by line', () => {
    expect(problemsOf(`${header}\na,22,u,s\nb,x,u,s\n\nc,22,u\n`).map((problem) => problem.split(' ')[0])).toEqual([
      'fleet.csv:3:3:',
      'fleet.csv:5:7:',
    ])
  })
})
