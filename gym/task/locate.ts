import { createRequire, stripTypeScriptTypes } from 'node:module';
import type * as acorn from 'acorn';
import type { AnyNode, CallExpression, Program } from 'acorn';

/** A call in a task file: by its callee's name, or by a position inside its callee (1-based, as in a stack trace). */
export type CallSite = { readonly callee: string } | { readonly line: number; readonly column: number };

/**
 * The line on which the value at `path` stands, in the argument of a call of a TypeScript file.
 * As deep as the syntax tells: where a value is computed elsewhere, the line of what was found last.
 * Returns undefined where the call is not found or the file is not parsed.
 */
export function locate(source: string, site: CallSite, path: readonly PropertyKey[]): number | undefined {
  const program = parseModule(source);
  if (program === undefined) return undefined;
  const call = findCall(program, site, source);
  if (call === undefined) return undefined;
  let at = call;
  for (const key of path) {
    const next = child(at, key, program);
    if (next === undefined) break;
    at = next;
  }
  return at.loc?.start.line;
}

/** The line of the import whose specifier is meant. */
export function locateImport(source: string, isMeant: (specifier: string) => boolean): number | undefined {
  const found = parseModule(source)?.body.find(
    (node) =>
      (node.type === 'ImportDeclaration' ||
        node.type === 'ExportNamedDeclaration' ||
        node.type === 'ExportAllDeclaration') &&
      typeof node.source?.value === 'string' &&
      isMeant(node.source.value),
  );
  return found?.loc?.start.line;
}

/** The line on which a name is used first. */
export function locateName(source: string, name: string): number | undefined {
  const program = parseModule(source);
  if (program === undefined) return undefined;
  return [...walk(program)].find((node) => node.type === 'Identifier' && node.name === name)?.loc?.start.line;
}

function parseModule(source: string): Program | undefined {
  // Only a definition that does not fit is parsed; every command would wait for an import.
  const { parse }: typeof acorn = createRequire(import.meta.url)('acorn');
  try {
    // Types become white space, so that lines and columns stay.
    return parse(stripTypeScriptTypes(source), { ecmaVersion: 'latest', sourceType: 'module', locations: true });
  } catch {
    return undefined;
  }
}

/** The call; where none is named so, what the file exports by default. */
function findCall(program: Program, site: CallSite, source: string): AnyNode | undefined {
  const calls = [...walk(program)].filter((node): node is CallExpression => node.type === 'CallExpression');
  if ('callee' in site) {
    const exported = program.body.find((node) => node.type === 'ExportDefaultDeclaration');
    return calls.find(({ callee }) => calledName(callee) === site.callee) ?? exported?.declaration;
  }
  const offset = offsetOf(source, site.line, site.column);
  return calls.find(({ callee }) => callee.start <= offset && offset <= callee.end);
}

function calledName(callee: AnyNode): string | undefined {
  if (callee.type === 'MemberExpression') return calledName(callee.property);
  return callee.type === 'Identifier' ? callee.name : undefined;
}

function offsetOf(source: string, line: number, column: number): number {
  const before = source.split('\n').slice(0, line - 1);
  return before.reduce((sum, text) => sum + text.length + 1, 0) + column - 1;
}

/** Names that stand for names that stand for names: no task file goes deeper, but a name may lead back to itself. */
const depthLimit = 20;

/** The value under `key` of an object, an array, or of what a call or a name stands for. */
function child(node: AnyNode, key: PropertyKey, program: Program, depth = 0): AnyNode | undefined {
  const within = (next: AnyNode): AnyNode | undefined =>
    depth === depthLimit ? undefined : child(next, key, program, depth + 1);
  if (node.type === 'Property') return within(node.value);
  if (node.type === 'CallExpression') {
    const [argument] = node.arguments;
    return argument === undefined ? undefined : within(argument);
  }
  if (node.type === 'Identifier') {
    const declared = [...walk(program)].find(
      (each) => each.type === 'VariableDeclarator' && each.id.type === 'Identifier' && each.id.name === node.name,
    );
    return declared?.type === 'VariableDeclarator' && declared.init ? within(declared.init) : undefined;
  }
  if (node.type === 'ObjectExpression') {
    for (const property of node.properties.toReversed()) {
      if (property.type === 'SpreadElement') {
        const spread = within(property.argument);
        if (spread !== undefined) return spread;
      } else if (nameOf(property.key) === String(key)) {
        return property;
      }
    }
  }
  if (node.type === 'ArrayExpression') {
    const before = node.elements.slice(0, Number(key) + 1);
    return before.some((element) => element?.type === 'SpreadElement') ? undefined : (before[Number(key)] ?? undefined);
  }
  return undefined;
}

function nameOf(key: AnyNode): string | undefined {
  if (key.type === 'Identifier') return key.name;
  return key.type === 'Literal' ? String(key.value) : undefined;
}

function* walk(node: AnyNode): Generator<AnyNode> {
  yield node;
  for (const value of Object.values(node)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (isNode(each)) yield* walk(each);
    }
  }
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
