import type { AnyNode, CallExpression, Expression } from 'acorn';
import { assertingName } from './test-code.ts';

const caseWords = new Set(['it', 'test', 'specify', 'fit', 'xit', 'xtest', 'xspecify']);
const suiteWords = new Set(['describe', 'suite', 'context', 'fdescribe', 'xdescribe', 'xcontext', 'fcontext']);
/** Words at the front that skip or focus by themselves: Jasmine, Jest and Mocha. */
const skippingWords = new Set(['fit', 'xit', 'xtest', 'xspecify', 'fdescribe', 'xdescribe', 'xcontext', 'fcontext']);
/** What follows `it`, `test` and `describe`, and keeps a test from counting. */
const skipping = new Set(['skip', 'only', 'todo', 'fails', 'failing', 'fixme', 'skipIf', 'runIf', 'fail']);
const plain = new Set(['each', 'for', 'concurrent', 'sequential', 'serial', 'parallel', 'shuffle']);
/** Matchers of a whole value. */
export const wholeMatchers = new Set([
  ...['toEqual', 'toStrictEqual', 'toMatchObject', 'deepEqual', 'deepStrictEqual', 'partialDeepStrictEqual', 'eql'],
  ...['same', 'strictSame'],
]);
const equality = /^(?:toBe|toEqual|toStrictEqual|equal|equals|eql|strictEqual|deepEqual|deepStrictEqual|is|same)$/;
/** Of `t` in node-tap, tape and AVA. */
const tapAssertions = new Set([
  ...['is', 'not', 'deepEqual', 'notDeepEqual', 'like', 'true', 'false', 'truthy', 'falsy', 'throws', 'throwsAsync'],
  ...['notThrows', 'regex', 'snapshot', 'equal', 'equals', 'same', 'strictSame', 'ok', 'notOk', 'match', 'rejects'],
]);

/** `skip`: a call in a test that skips it. */
export type Role = 'case' | 'suite' | 'skip' | 'other';

/** What a call of these names does in a test file. */
export function roleOf({ arguments: given }: CallExpression, names: readonly string[]): Role {
  const [first = '', ...rest] = names;
  // `it.each(table)` gives the function that declares.
  const isMade = names.at(-1) === '()' || names.at(-1) === '``';
  const words = rest.filter((name) => name !== '()' && name !== '``');
  const isTable = ['each', 'for', 'skipIf', 'runIf'].includes(words.at(-1) ?? '') && !isMade;
  const isSubtest = (first === 't' || first === 'ctx') && words[0] === 'test';
  const [title] = given;
  const isTitled = title !== undefined && (isText(title) || given.slice(1).some(isFunction));
  const isSkip = !given.some(isFunction) && words.length === 1 && ['skip', 'todo'].includes(words[0] ?? '');
  if (isSkip && ['t', 'this', 'ctx', 'context', 'testInfo'].includes(first)) return 'skip';
  if (!isTable && (suiteWords.has(first) || (first === 'test' && words[0] === 'describe'))) {
    return isTitled && words.every((word) => word === 'describe' || isModifier(word)) ? 'suite' : 'other';
  }
  if (isTable) return 'other';
  if (isSubtest || (caseWords.has(first) && words.every(isModifier))) {
    if (isTitled) return 'case';
    return words.some((word) => ['skip', 'fixme', 'fail'].includes(word)) ? 'skip' : 'other';
  }
  return 'other';
}

const isModifier = (word: string): boolean => skipping.has(word) || plain.has(word);

const isText = (node: AnyNode): boolean =>
  node.type === 'TemplateLiteral' || (node.type === 'Literal' && typeof node.value === 'string');

/** Whether it is a function that is written where it is used. */
export const isFunction = ({ type }: AnyNode): boolean =>
  type === 'ArrowFunctionExpression' || type === 'FunctionExpression';

/** Whether it is a text, a number or the like, with nothing put into it. */
export function isLiteral(node: AnyNode | undefined): boolean {
  return node?.type === 'Literal' || (node?.type === 'TemplateLiteral' && node.expressions.length === 0);
}

/** The words of a callee, from left to right: `it.skip.each([1])` is it, skip, each, (). */
export function namesOf(node: AnyNode): string[] {
  if (node.type === 'Identifier') return [node.name];
  if (node.type === 'ThisExpression') return ['this'];
  if (node.type === 'MemberExpression') {
    const { property } = node;
    return [...namesOf(node.object), property.type === 'Identifier' && !node.computed ? property.name : '[]'];
  }
  if (node.type === 'CallExpression') return [...namesOf(node.callee), '()'];
  if (node.type === 'TaggedTemplateExpression') return [...namesOf(node.tag), '``'];
  if (node.type === 'ChainExpression') return namesOf(node.expression);
  if (node.type === 'AwaitExpression') return namesOf(node.argument);
  return [''];
}

/** Whether it is a plain name, and this one. */
export const isNamed = (node: AnyNode, name: string): boolean => node.type === 'Identifier' && node.name === name;

/** Whether a call asserts. `expect(x)` does only where something follows it. */
export function isAssertion(names: readonly string[], parent: AnyNode | undefined): boolean {
  const [first = ''] = names;
  const last = names.at(-1) ?? '';
  if (names.includes('()'))
    return last === 'expect' || (first !== 'expect' && assertingName.test(last) && last !== 'should');
  if (last === 'expect' || (first === 'expect' && ['soft', 'poll', 'element'].includes(last)))
    return parent?.type === 'MemberExpression' || (names.length > 1 && last === 'expect');
  if (first === 'expect') return false;
  if (names.includes('assert')) return true;
  if (first === 't' && names.length === 2 && tapAssertions.has(last)) return true;
  return assertingName.test(last) && last !== 'should';
}

/** Whether an assertion holds whatever the code does: it looks at written values only, or at one thing twice. */
export function isEmpty(node: CallExpression, names: readonly string[], textOf: (node: Expression) => string): boolean {
  if (names.some((name) => ['not', 'fail', 'unreachable', 'soft'].includes(name))) return false;
  const last = names.at(-1) ?? '';
  const looked = names[0] === 'expect' && names[1] === '()' ? expectedBy(node) : undefined;
  const given = node.arguments.filter((each) => each.type !== 'SpreadElement');
  const isAssert = names[0] === 'assert' && !names.includes('()');
  if (looked === undefined && !isAssert) return false;
  const values = looked === undefined ? given.slice(0, /[eE]qual|is$/.test(last) ? 2 : 1) : [looked, ...given];
  const [one, other] = values;
  if (
    one === undefined ||
    (looked === undefined && names.length > 1 && !/^(?:ok|equal|.*Equal|is|isTrue|true)$/.test(last))
  )
    return false;
  if (other !== undefined && isStill(one) && textOf(one) === textOf(other)) return true;
  if (other !== undefined) return values.every(isConstant) && !equality.test(last);
  return isConstant(one) && !/^(?:false|0|null|undefined|''|"")$/.test(textOf(one));
}

/** What `expect(…)` at the front of a chain of calls is given. */
function expectedBy(node: AnyNode): Expression | undefined {
  let at: AnyNode = node;
  for (;;) {
    if (at.type === 'CallExpression' && isNamed(at.callee, 'expect')) {
      const [argument] = at.arguments;
      return argument === undefined || argument.type === 'SpreadElement' ? undefined : argument;
    }
    if (at.type === 'CallExpression') at = at.callee;
    else if (at.type === 'MemberExpression') at = at.object;
    else return undefined;
  }
}

/** Written down, so that no code can change it. */
function isConstant(node: AnyNode): boolean {
  if (node.type === 'Literal') return true;
  if (node.type === 'TemplateLiteral') return node.expressions.length === 0;
  if (node.type === 'UnaryExpression') return isConstant(node.argument);
  if (node.type === 'ArrayExpression') return node.elements.every((each) => each !== null && isConstant(each));
  if (node.type === 'ObjectExpression')
    return node.properties.every((each) => each.type === 'Property' && isConstant(each.value));
  return false;
}

/** Whether it gives the same when it is asked twice. */
function isStill(node: AnyNode): boolean {
  if (node.type === 'MemberExpression') return !node.computed && isStill(node.object);
  return node.type === 'Identifier' || isConstant(node);
}

/** The words of a callee that keep a test from counting. */
export function skippingWordsOf([first = '', ...others]: readonly string[]): string[] {
  return [...(skippingWords.has(first) ? [first] : []), ...others.filter((name) => skipping.has(name))];
}
