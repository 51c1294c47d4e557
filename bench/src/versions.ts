import { existsSync, readFileSync } from 'node:fs'

/**
 * The version of an installed package, or undefined when there is none. Read from the folder of its entry point upwards, as most packages
 * do not export their package.json.
 */
export function versionOf(name: string): string | undefined {
  let folder: URL
  try {
    folder = new URL('.', import.meta.resolve(name))
  } catch {
    return undefined
  }
  for (; folder.pathname !== '/'; folder = new URL('..', folder)) {
    const file = new URL('package.json', folder)
    if (!existsSync(file)) continue
    const found = JSON.parse(readFileSync(file, 'utf8'))
    if (found.name === name) return found.version
  }
  return undefined
}

/** The packages that are measured, as this workspace depends on them. */
export function measuredPackages(): string[] {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return [...Object.keys(dependencies), ...Object.keys(devDependencies)]
}
