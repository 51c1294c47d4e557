import { dirname } from 'node:path'
import ts from 'typescript'

export interface Surface {
  /** `class Future`, `function wait`, `interface Executor`, …, sorted by name. */
  readonly names: string[]
  /** Exported names, and public members of exported classes, interfaces and object types, that have no doc comment. */
  readonly undocumented: string[]
}

/** What a user of the module sees, read from its source. */
export function surfaceOf(entry: string, configFile: string): Surface {
  const { config } = ts.readConfigFile(configFile, ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, dirname(configFile), undefined, configFile)
  const program = ts.createProgram([entry], { ...options, noEmit: true })
  const checker = program.getTypeChecker()
  const source = program.getSourceFile(entry)
  const module = source && checker.getSymbolAtLocation(source)
  if (module === undefined) throw new Error(`${entry} is not a module`)

  const exported = checker
    .getExportsOfModule(module)
    .map((symbol) => ({
      name: symbol.name,
      symbol: symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))

  return {
    names: exported.map(({ name, symbol }) => `${kindOf(symbol)} ${name}`),
    undocumented: exported.flatMap(({ name, symbol }) => [
      ...(isDocumented(symbol) ? [] : [name]),
      ...membersOf(symbol)
        .filter((member) => !isDocumented(member))
        .map((member) => `${name}.${member.name}`),
    ]),
  }

  function isDocumented(symbol: ts.Symbol): boolean {
    return symbol.getDocumentationComment(checker).some((part) => part.text.trim() !== '')
  }
}

function kindOf(symbol: ts.Symbol): string {
  if (symbol.flags & ts.SymbolFlags.Class) return 'class'
  if (symbol.flags & ts.SymbolFlags.Function) return 'function'
  if (symbol.flags & ts.SymbolFlags.Interface) return 'interface'
  if (symbol.flags & ts.SymbolFlags.TypeAlias) return 'type'
  if (symbol.flags & ts.SymbolFlags.Enum) return 'enum'
  return 'const'
}

/**
 * Properties, methods, accessors and statics that a user can name. Not constructors (the comment of the class is theirs), not members
 * named by a symbol (`[Symbol.asyncDispose]` means the same everywhere), not what is private, protected or marked `@internal`.
 */
function membersOf(symbol: ts.Symbol): ts.Symbol[] {
  const declared = new Set<ts.Symbol>()
  for (const table of tablesOf(symbol)) for (const member of table.values()) declared.add(member)
  return [...declared].filter((member) => {
    const nameable = ts.SymbolFlags.Property | ts.SymbolFlags.Method | ts.SymbolFlags.Accessor
    return (member.flags & nameable) !== 0 && (member.flags & ts.SymbolFlags.Prototype) === 0 && (member.declarations ?? []).every(isPublic)
  })
}

function tablesOf(symbol: ts.Symbol): ts.SymbolTable[] {
  const isClass = (symbol.flags & ts.SymbolFlags.Class) !== 0
  const isShape = (symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface)) !== 0
  const own = isShape && symbol.members ? [symbol.members] : []
  const statics = isClass && symbol.exports ? [symbol.exports] : []
  const literals = (symbol.declarations ?? []).flatMap((declaration) => {
    const type = ts.isTypeAliasDeclaration(declaration) ? declaration.type : undefined
    // A type literal is bound to its own symbol, which the public API does not name.
    const members = type && ts.isTypeLiteralNode(type) ? (type as unknown as { symbol?: ts.Symbol }).symbol?.members : undefined
    return members ? [members] : []
  })
  return [...own, ...statics, ...literals]
}

function isPublic(declaration: ts.Declaration): boolean {
  const name = ts.getNameOfDeclaration(declaration)
  if (name === undefined || ts.isPrivateIdentifier(name) || ts.isComputedPropertyName(name)) return false
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected
  if (ts.getCombinedModifierFlags(declaration) & hidden) return false
  return !ts.getJSDocTags(declaration).some((tag) => tag.tagName.text === 'internal')
}
