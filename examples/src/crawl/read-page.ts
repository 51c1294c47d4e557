// One request: what came back, within bounds of time and size.
import { TimeoutError, timeout } from 'rungs/sync'

/** What a server answered, as far as a crawler cares. */
export type Answer =
  | { readonly kind: 'page'; readonly links: readonly string[] }
  | { readonly kind: 'redirect'; readonly to: string }
  | { readonly kind: 'problem'; readonly problem: string; readonly mayPass: boolean }

export interface Bounds {
  /** Milliseconds from the request to the end of the body. */
  readonly timeoutMs: number
  readonly maxBytes: number
}

export async function readPage(url: string, { timeoutMs, maxBytes }: Bounds): Promise<Answer> {
  try {
    return await timeout(timeoutMs, async ({ signal }) => {
      const response = await fetch(url, { redirect: 'manual', signal })
      const location = response.headers.get('location')
      if (response.status >= 300 && response.status < 400 && location !== null) {
        await response.body?.cancel()
        return { kind: 'redirect', to: new URL(location, url).href }
      }
      if (!response.ok) {
        await response.body?.cancel()
        return { kind: 'problem', problem: `status ${response.status}`, mayPass: response.status >= 500 }
      }
      const text = await textOf(response, maxBytes)
      if (text === undefined) return { kind: 'problem', problem: 'body too large', mayPass: false }
      return { kind: 'page', links: linksIn(text, url) }
    })
  } catch (error) {
    if (error instanceof TimeoutError) return { kind: 'problem', problem: 'timed out', mayPass: true }
    // What fetch throws when the connection fails.
    if (error instanceof TypeError) return { kind: 'problem', problem: 'connection lost', mayPass: true }
    throw error
  }
}

/** The text of a body, or undefined if it is longer than it may be: leaving the loop closes the connection. */
async function textOf(response: Response, maxBytes: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > maxBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function linksIn(html: string, base: string): string[] {
  return [...html.matchAll(/<a\s[^>]*href="([^"]+)"/g)].map(([, href = '']) => new URL(href, base).href)
}
