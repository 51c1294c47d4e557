// Functions that only compute with their arguments: operators on parameters, and nothing that is called. While one runs, nobody can ask anything of
// where it runs.
import { isSelfContained } from './simple-facts.js'
import { Tokens, UNSURE } from './simple-tokens.js'

/** What is longer does more than to compute, mostly. */
const longest = 200
/** Texts that are remembered: functions that are made again and again have the same. */
const mostTexts = 1_000

/** What a parenthesis may follow that calls nothing. */
const beforeGroup = new Set(
  'async await function return typeof void delete throw case do else if for while switch catch'
    .split(' ')
    .concat(
      '( { , ; : ? => = + - ! ~ * % ** & | ^ << >> >>> < > <= >= == != === !== && || ??'.split(' '),
      '+= -= *= %= **= &= |= ^= <<= >>= >>>= &&= ||= ??='.split(' '),
    ),
)
/** What calls something without parentheses, or reads what may have a getter. */
const refused = new Set('new yield of in instanceof class import super this arguments using with get set . ?. [ ] ... `'.split(' '))

const texts = new Map<string, boolean>()
const functionText = Function.prototype.toString

/** Says whether `fn` only computes with its arguments, as long as these are primitive values. */
export function onlyComputes(fn: unknown): boolean {
  const text: string = functionText.call(fn)
  return text.length <= longest && textComputes(text)
}

/** No operator calls anything for them. */
export function arePrimitive(args: readonly unknown[]): boolean {
  for (let index = 0; index < args.length; index++) if (!isPrimitive(args[index])) return false
  return true
}

export function isPrimitive(value: unknown): boolean {
  return (typeof value !== 'object' && typeof value !== 'function') || value === null
}

function textComputes(text: string): boolean {
  let computes = texts.get(text)
  if (computes === undefined) {
    computes = callsNothing(text) && isSelfContained(text)
    if (texts.size >= mostTexts) texts.clear()
    texts.set(text, computes)
  }
  return computes
}

/** Token by token. A slash is not read: it may begin a regular expression, in which a quote is none. */
function callsNothing(text: string): boolean {
  if (text.includes('/')) return false
  try {
    const tokens = new Tokens(text)
    let before = ''
    let beforeThat = ''
    for (; tokens.kind !== 'end'; tokens.next()) {
      const { kind, text: token } = tokens
      if (kind !== 'string' && refused.has(token)) return false
      // A generator.
      if (token === '*' && before === 'function') return false
      // The name of the function itself stands between `function` and its parameters.
      if (kind === 'mark' && token === '(' && before !== '' && !beforeGroup.has(before) && beforeThat !== 'function') return false
      beforeThat = before
      before = kind === 'string' ? 'text' : token
    }
    return true
  } catch (reason) {
    if (reason !== UNSURE) throw reason
    return false
  }
}
