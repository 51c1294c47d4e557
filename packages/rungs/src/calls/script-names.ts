// Names of scripts: a URL, a path, or what the text of a function was compiled under.

import { fileURLToPath, pathToFileURL } from 'node:url'

const aliases = new Map<string, string>()

/** Says that scripts of this name are parts of the file with that URL. */
export function standsFor(name: string, url: string): void {
  aliases.set(name, url)
}

/** What a script is called, as a URL. */
export function asUrl(name: string): string {
  const known = aliases.get(name)
  if (known !== undefined) return known
  return name.startsWith('/') || /^[A-Za-z]:[\\/]/.test(name) ? pathToFileURL(name).href : name
}

/** The path of a file URL without its query. */
export function pathOf(url: string): string | undefined {
  if (!url.startsWith('file:')) return undefined
  try {
    return fileURLToPath(url.split(/[?#]/, 1)[0] as string)
  } catch {
    return undefined
  }
}
