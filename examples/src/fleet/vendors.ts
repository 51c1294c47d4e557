// How the devices of each vendor speak, and how to read it: what prints a version is next to what finds it again.
import { seededRandom } from './random.js'

export type VendorName = 'Cisco IOS' | 'Cisco NX-OS' | 'Arista EOS' | 'Aruba AOS-CX'

interface Identity {
  readonly name: string
  readonly version: string
}

interface Vendor {
  readonly versions: readonly [string, ...string[]]
  readonly banner: string
  showVersion(device: Identity): string
  /** Has one group: the version. Matches the output of this vendor only. */
  readonly pattern: RegExp
  readonly port: (number: number) => string
}

export const vendors: Record<VendorName, Vendor> = {
  'Cisco IOS': {
    versions: ['15.2(7)E9', '15.2(7)E6', '17.9.5'],
    banner: 'Authorized access only.',
    showVersion: (device) => `Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version ${device.version}, RELEASE SOFTWARE (fc2)
Technical Support: http://www.cisco.com/techsupport
Copyright (c) 1986-2024 by Cisco Systems, Inc.

ROM: Bootstrap program is C2960X boot loader

${device.name} uptime is 41 weeks, 2 days, 7 hours, 12 minutes
System returned to ROM by power-on
System image file is "flash:/c2960x-universalk9-mz.bin"
`,
    pattern: /^Cisco IOS Software,.* Version (\S+),/m,
    port: (number) => `GigabitEthernet1/0/${number}`,
  },
  'Cisco NX-OS': {
    versions: ['9.3(10)', '9.3(13)', '10.2(6)'],
    banner: 'User Access Verification',
    showVersion: (device) => `Cisco Nexus Operating System (NX-OS) Software
TAC support: http://www.cisco.com/tac

Software
  BIOS: version 05.47
  NXOS: version ${device.version}
  NXOS image file is: bootflash:///nxos.bin

Hardware
  cisco Nexus9000 C93180YC-EX chassis
  Device name: ${device.name}
`,
    pattern: /^ {2}NXOS: version (\S+)$/m,
    port: (number) => `Ethernet1/${number}`,
  },
  'Arista EOS': {
    versions: ['4.28.9M', '4.31.2F'],
    banner: 'Unauthorized use is prohibited.',
    showVersion: (device) => `Arista DCS-7050SX3-48YC8-F
Hardware version: 11.01
Hardware MAC address: 2899.3a12.6ff1

Software image version: ${device.version}
Architecture: x86_64
Image format version: 3.0
`,
    pattern: /^Software image version: (\S+)$/m,
    port: (number) => `Ethernet${number}`,
  },
  'Aruba AOS-CX': {
    versions: ['FL.10.10.1080', 'FL.10.13.1010'],
    banner: 'Private network.',
    showVersion: (device) => `${'-'.repeat(77)}
ArubaOS-CX
(c) Copyright 2017-2024 Hewlett Packard Enterprise Development LP
${'-'.repeat(77)}
Version      : ${device.version}
Build Date   : 2024-03-14 10:01:22 UTC
Active Image : primary
`,
    pattern: /^ArubaOS-CX$[\s\S]*^Version {6}: (\S+)$/m,
    port: (number) => `1/1/${number}`,
  },
}

export const vendorNames = ['Cisco IOS', 'Cisco NX-OS', 'Arista EOS', 'Aruba AOS-CX'] as const satisfies VendorName[]

/** The inverse of `showVersion`, for a reader that does not know whom it asked. */
export function readVersion(output: string): { vendor: VendorName; version: string } | undefined {
  for (const vendor of vendorNames) {
    const version = vendors[vendor].pattern.exec(output)?.[1]
    if (version !== undefined) return { vendor, version }
  }
  return undefined
}

export function showRunningConfig({
  name,
  vendor,
  site,
  index,
}: {
  name: string
  vendor: VendorName
  site: string
  index: number
}): string {
  const random = seededRandom(index)
  const ports = Array.from({ length: 24 }, (_, number) => [
    `interface ${vendors[vendor].port(number + 1)}`,
    `   description ${random.pick(['office', 'printer', 'camera', 'access point', 'unused'])}`,
    `   switchport access vlan ${random.pick([10, 20, 30, 99])}`,
    '!',
  ])
  return ['!', `hostname ${name}`, '!', `snmp-server location ${site}`, 'ntp server 192.0.2.1', '!', ...ports.flat(), 'end', ''].join('\n')
}

export const readHostname = (config: string): string | undefined => /^hostname (\S+)$/m.exec(config)?.[1]
