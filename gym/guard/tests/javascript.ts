import { createRequire, stripTypeScriptTypes } from 'node:module';
import type * as acorn from 'acorn';
import type { AnyNode, CallExpression, Program } from 'acorn';
import {
  isAssertion,
  isEmpty,
  isFunction,
  isLiteral,
  isNamed,
  namesOf,
  type Role,
  roleOf,
  skippingWordsOf,
  wholeMatchers,
} from './javascript-calls.ts';
import { type DeclaredCase, type Marked, oneLine, type TestCode } from './test-code.ts';

/** What a test file in JavaScript or TypeScript declares; `undefined`: it does not parse, as JSX. */
export function readJavaScript(file: string, source: string): TestCode | undefined {
  const program = parseProgram(source);
  if (program === undefined) return undefined;
  const reader = new Reader(file, source, assertingImports(program));
  reader.visit(program, undefined);
  return reader.code();
}

function parseProgram(source: string): Program | undefined {
  const { parse }: typeof acorn = createRequire(import.meta.url)('acorn');
  const options = { ecmaVersion: 'latest', locations: true, allowHashBang: true } as const;
  const ways = [
    () => parse(source, { ...options, sourceType: 'module' }),
    // Types become white space, so that lines stay.
    () => parse(stripTypeScriptTypes(source), { ...options, sourceType: 'module' }),
    () => parse(source, { ...options, sourceType: 'script' }),
  ];
  for (const way of ways) {
    try {
      return way();
    } catch {}
  }
  return undefined;
}

const assertModule = /^(?:node:)?assert(?:\/strict)?$/;

/** What a file calls `assert` and its functions: `import { equal as same } from 'assert'` makes `same` assert.equal. */
function assertingImports({ body }: Program): ReadonlyMap<string, readonly string[]> {
  const imports = new Map<string, readonly string[]>();
  for (const statement of body) {
    if (statement.type === 'ImportDeclaration' && assertModule.test(String(statement.source.value))) {
      for (const each of statement.specifiers) {
        const imported = each.type === 'ImportSpecifier' ? each.imported : undefined;
        const name = imported?.type === 'Identifier' ? imported.name : 'default';
        imports.set(each.local.name, ['default', 'strict', 'ok'].includes(name) ? ['assert'] : ['assert', name]);
      }
    }
    if (statement.type !== 'VariableDeclaration') continue;
    for (const { id, init } of statement.declarations) {
      if (init == null || !isAssertRequired(init)) continue;
      if (id.type === 'Identifier') imports.set(id.name, ['assert']);
      if (id.type !== 'ObjectPattern') continue;
      for (const property of id.properties) {
        if (property.type !== 'Property' || property.key.type !== 'Identifier' || property.value.type !== 'Identifier')
          continue;
        imports.set(property.value.name, ['assert', property.key.name]);
      }
    }
  }
  return imports;
}

function isAssertRequired(node: AnyNode): boolean {
  if (node.type === 'MemberExpression') return isAssertRequired(node.object);
  if (node.type !== 'CallExpression' || !isNamed(node.callee, 'require')) return false;
  const [path] = node.arguments;
  return path?.type === 'Literal' && assertModule.test(String(path.value));
}

/** A case that is being read. */
interface OpenCase {
  readonly name: string;
  readonly line: number;
  readonly isMany: boolean;
  assertions: number;
  wholes: number;
  returnsAt: number | undefined;
  readonly calls: Set<string>;
}

class Reader {
  private readonly cases: DeclaredCase[] = [];
  private readonly skips: Marked[] = [];
  private readonly empty: Marked[] = [];
  private loose = 0;
  private readonly suites: string[] = [];
  private open: OpenCase | undefined;
  /** What a test's body does in any case. */
  private readonly atTop = new Set<AnyNode>();
  private readonly file: string;
  private readonly source: string;
  /** Names of the file that stand for `assert`, or for one of its functions. */
  private readonly imports: ReadonlyMap<string, readonly string[]>;

  constructor(file: string, source: string, imports: ReadonlyMap<string, readonly string[]>) {
    this.file = file;
    this.source = source;
    this.imports = imports;
  }

  code(): TestCode {
    return { cases: this.cases, skips: this.skips, empty: this.empty, loose: this.loose };
  }

  visit(node: AnyNode, parent: AnyNode | undefined): void {
    if (node.type === 'CallExpression') {
      this.call(node, parent);
      return;
    }
    if (node.type === 'MemberExpression' && isNamed(node.property, 'should')) this.assertion();
    this.children(node);
  }

  private children(node: AnyNode): void {
    for (const child of childrenOf(node)) this.visit(child, node);
  }

  private call(node: CallExpression, parent: AnyNode | undefined): void {
    const [first = '', ...others] = namesOf(node.callee);
    const names = [...(this.imports.get(first) ?? [first]), ...others];
    const role = roleOf(node, names);
    if (role !== 'other') this.mark(node, names, role);
    if (role === 'case' || role === 'suite') {
      this.declared(node, names, role);
      return;
    }
    const last = names.at(-1) ?? '';
    this.open?.calls.add(last);
    if (isAssertion(names, parent)) this.assertion();
    if (wholeMatchers.has(last) && this.open !== undefined) this.open.wholes += 1;
    if (isEmpty(node, names, (each) => this.textOf(each))) this.empty.push(this.marked(node));
    this.children(node);
  }

  private declared(node: CallExpression, names: readonly string[], role: 'case' | 'suite'): void {
    const [title] = node.arguments;
    const isMany = names.includes('each') || names.includes('for') || !isLiteral(title);
    if (role === 'suite') {
      this.suites.push(this.titleOf(title));
      this.children(node);
      this.suites.pop();
      return;
    }
    const outer = this.open;
    const opened: OpenCase = {
      ...{ name: this.nameOf(node), line: node.loc?.start.line ?? 1, isMany },
      ...{ assertions: 0, wholes: 0, returnsAt: undefined, calls: new Set() },
    };
    this.open = opened;
    for (const argument of node.arguments) this.body(argument, node);
    this.cases.push({ file: this.file, ...opened });
    this.open = outer;
  }

  /** A test's function: what stands behind a return at its top is never reached. */
  private body(node: AnyNode, parent: AnyNode): void {
    const isArrow = node.type === 'ArrowFunctionExpression';
    if ((!isArrow && node.type !== 'FunctionExpression') || node.body.type !== 'BlockStatement') {
      this.visit(node, parent);
      return;
    }
    const statements = node.body.body;
    const end = statements.findIndex(({ type }) => type === 'ReturnStatement');
    const reached = end < 0 ? statements : statements.slice(0, end + 1);
    for (const statement of reached) {
      if (statement.type === 'ExpressionStatement') this.atTop.add(statement.expression);
      this.visit(statement, node.body);
    }
    const { open } = this;
    if (open === undefined || reached.length === statements.length) return;
    const counted = { ...open, calls: new Set(open.calls) };
    for (const statement of statements.slice(end + 1)) this.visit(statement, node.body);
    if (open.assertions > counted.assertions) open.returnsAt = statements[end]?.loc?.start.line;
    open.assertions = counted.assertions;
    open.wholes = counted.wholes;
  }

  private mark(node: CallExpression, names: readonly string[], role: Role): void {
    const words = skippingWordsOf(names);
    const options = node.arguments.find((argument) => argument.type === 'ObjectExpression');
    const set = options === undefined ? [] : settingsOf(options);
    const isBodiless = role === 'case' && node.arguments.length === 1;
    if (words.length + set.length === 0 && !isBodiless && role !== 'skip') return;
    const name = isBodiless ? undefined : this.caseUnderCondition(node, [...words, ...set], role);
    this.skips.push({ ...this.marked(node), ...(name !== undefined && { caseUnderCondition: name }) });
  }

  /** The case or suite that a mark skips under a condition: by `skipIf`, in a block of its body, or with a condition given. */
  private caseUnderCondition(node: CallExpression, words: readonly string[], role: Role): string | undefined {
    if (role === 'case' || role === 'suite')
      return words.every((word) => word.endsWith('If')) ? this.nameOf(node) : undefined;
    const [condition] = node.arguments;
    const isGiven = condition !== undefined && !isLiteral(condition);
    return role === 'skip' && (isGiven || !this.atTop.has(node)) ? this.open?.name : undefined;
  }

  /** The name of a case, with those around it. */
  private nameOf({ arguments: [title] }: CallExpression): string {
    const outer = this.open === undefined ? this.suites : [this.open.name];
    return [...outer, this.titleOf(title)].join(' > ');
  }

  private assertion(): void {
    if (this.open === undefined) this.loose += 1;
    else this.open.assertions += 1;
  }

  private marked(node: AnyNode): Marked {
    // Of a test its title tells more than its body.
    const text = node.type === 'CallExpression' ? this.headOf(node) : this.textOf(node);
    return { file: this.file, line: node.loc?.start.line ?? 1, text: oneLine(text) };
  }

  private headOf(node: CallExpression): string {
    const [title] = node.arguments;
    const isBig = node.arguments.some(isFunction);
    if (title === undefined || !isBig) return this.textOf(node);
    return `${this.textOf(node.callee)}(${this.textOf(title)})`;
  }

  private textOf(node: { readonly start: number; readonly end: number }): string {
    return this.source.slice(node.start, node.end);
  }

  private titleOf(node: AnyNode | undefined): string {
    if (node === undefined) return '';
    return node.type === 'Literal' && typeof node.value === 'string' ? node.value : oneLine(this.textOf(node));
  }
}

/** Options of node:test and Vitest that keep a test from counting: `{ skip: true }`. */
function settingsOf(node: AnyNode): string[] {
  if (node.type !== 'ObjectExpression') return [];
  return node.properties.flatMap((property) => {
    if (property.type !== 'Property' || property.key.type !== 'Identifier') return [];
    const { name } = property.key;
    const isOff = property.value.type === 'Literal' && !property.value.value;
    return ['skip', 'todo', 'only', 'fails'].includes(name) && !isOff ? [name] : [];
  });
}

function childrenOf(node: AnyNode): AnyNode[] {
  return Object.values(node).flatMap((value): AnyNode[] => {
    const items: readonly unknown[] = Array.isArray(value) ? value : [value];
    return items.filter(isNode);
  });
}

function isNode(value: unknown): value is AnyNode {
  return (
    typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string' && 'start' in value
  );
}
