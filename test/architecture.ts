import { posix } from 'node:path'
import ts from 'typescript'

export interface Layer {
  readonly name: string
  readonly floor: number
  readonly mayImport: ReadonlySet<string>
  /** Packages and built-ins, the latter with their `node:`; `node:*` stands for all built-ins. */
  readonly outside: ReadonlySet<string>
}

/** Files beside the layers, which only re-export what users import. */
const entryPoints = new Set(['index.ts', 'sync.ts'])

export interface SourceFile {
  /** From the source folder, with forward slashes: `core/future.ts`. */
  readonly path: string
  readonly text: string
}

/** Reads the one table of the page that has the columns `layer`, `floor`, `may import` and `from outside`. */
export function readLayers(markdown: string): Map<string, Layer> {
  const lines = markdown.split('\n')
  const head = lines.findIndex((line) => /^\|\s*layer\s*\|/.test(line))
  if (head < 0) throw new Error('no table that begins with | layer |')
  const columns = cellsOf(lines[head])
  const layers = new Map<string, Layer>()
  for (const line of lines.slice(head + 2)) {
    if (!line.startsWith('|')) break
    const cells = cellsOf(line)
    const cell = (column: string) => cells[columns.indexOf(column)] ?? ''
    const name = wordsOf(cell('layer'))[0]
    if (name === undefined) throw new Error(`a row without a layer: ${line}`)
    const layer = {
      name,
      floor: Number(cell('floor')),
      mayImport: new Set(wordsOf(cell('may import'))),
      outside: new Set(wordsOf(cell('from outside'))),
    }
    layers.set(name, layer)
  }
  return layers
}

/** What is wrong with the table itself: an import that does not go down, or a layer that has no row. */
export function tableProblems(layers: ReadonlyMap<string, Layer>): string[] {
  return [...layers.values()].flatMap((layer) =>
    [...layer.mayImport].flatMap((name) => {
      const other = layers.get(name)
      if (other === undefined) return [`${layer.name} may import ${name}, which has no row`]
      return other.floor < layer.floor ? [] : [`${layer.name} may import ${name}, which is not on a lower floor`]
    }),
  )
}

/** What is wrong with the files, a line each, in the order of the files. */
export function violations(files: readonly SourceFile[], layers: ReadonlyMap<string, Layer>): string[] {
  const known = new Set(files.map((file) => file.path))
  return files.flatMap((file) => {
    const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true)
    const found = posix.basename(file.path) === 'index.ts' ? notReexports(source) : []
    const layer = layers.get(layerOf(file.path))
    const isEntry = entryPoints.has(file.path)
    if (layer === undefined && !isEntry) return [...found, `${file.path} is in no layer of the table`]
    for (const { specifier, line } of importsOf(source)) {
      const problem = specifier.startsWith('.') ? insideProblem(specifier) : outsideProblem(specifier)
      if (problem !== undefined) found.push(`${file.path}:${line} ${problem}`)
    }
    return found

    function insideProblem(specifier: string): string | undefined {
      const target = posix.join(posix.dirname(file.path), specifier).replace(/\.js$/, '.ts')
      if (!known.has(target)) return `imports ${specifier}, which is not a source file`
      const to = layerOf(target)
      if (layer === undefined || to === layer.name || layer.mayImport.has(to)) return undefined
      return `${layer.name} may not import ${to === '' ? 'the entry point' : to} (${specifier})`
    }

    function outsideProblem(specifier: string): string | undefined {
      const isBuiltin = specifier.startsWith('node:')
      const name = isBuiltin ? specifier : packageOf(specifier)
      if (layer?.outside.has(name) || (isBuiltin && layer?.outside.has('node:*'))) return undefined
      return `${layer?.name ?? 'the entry point'} may not import ${specifier}`
    }
  })
}

/**
 * Every module a file names with a string: imports and exports of values and of types, `import('…')` as a call and as a type,
 * `require('…')`, and `new URL('./…', import.meta.url)`, by which worker files are started. A name computed at run time is not seen.
 */
function importsOf(source: ts.SourceFile): { specifier: string; line: number }[] {
  const found: { specifier: string; line: number }[] = []
  visit(source)
  return found

  function visit(node: ts.Node): void {
    const specifier = specifierOf(node)
    // A folder is no module.
    if (specifier !== undefined && ts.isStringLiteralLike(specifier) && !/(^|\/)\.?$/.test(specifier.text)) {
      found.push({ specifier: specifier.text, line: lineOf(source, node) })
    }
    ts.forEachChild(node, visit)
  }
}

function specifierOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier
  if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) return node.moduleReference.expression
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return node.argument.literal
  if (ts.isCallExpression(node)) {
    const isImport = node.expression.kind === ts.SyntaxKind.ImportKeyword
    return isImport || (ts.isIdentifier(node.expression) && node.expression.text === 'require') ? node.arguments[0] : undefined
  }
  if (ts.isNewExpression(node) && node.expression.getText() === 'URL' && node.arguments?.[1]?.getText() === 'import.meta.url') {
    return node.arguments[0]
  }
  return undefined
}

function notReexports(source: ts.SourceFile): string[] {
  return source.statements
    .filter((statement) => !(ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined))
    .map((statement) => `${source.fileName}:${lineOf(source, statement)} an index.ts only re-exports: export … from '…'`)
}

function lineOf(source: ts.SourceFile, node: ts.Node): number {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1
}

/** The folder a path is in; '' for a file beside index.ts. */
function layerOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : ''
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function cellsOf(row: string | undefined): string[] {
  return (row ?? '')
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
}

/** The words in backticks. */
function wordsOf(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '')
}
