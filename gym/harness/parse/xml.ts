import { XMLParser, XMLValidator } from 'fast-xml-parser';

/** An element with its decoded attributes, child elements and own text. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

/** A document's root, or why it is not XML. */
export type Xml =
  | { readonly kind: 'root'; readonly root: XmlElement }
  | { readonly kind: 'malformed'; readonly because: string };

/** Elements within elements; a deeper file is refused. */
const maximumDepth = 100;
const attributePrefix = '@';
const textKey = '#text';
const cdataKey = '#cdata';

// Entities are decoded here, not by the parser: only the five of XML and characters by number, so nothing can expand.
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: attributePrefix,
  textNodeName: textKey,
  cdataPropName: cdataKey,
  parseTagValue: false,
  trimValues: false,
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: maximumDepth,
});

const malformed = (because: string): Xml => ({ kind: 'malformed', because });

/** Reads a whole document. A document type is refused: no test result needs one, and entities are declared there. */
export function readXml(text: string): Xml {
  if (text.trim() === '') return malformed('it is empty');
  if (hasDoctype(text)) return malformed('it declares a document type, which no test result needs');
  const valid = XMLValidator.validate(text);
  if (valid !== true) return malformed(notValid(valid.err));
  try {
    return onlyRoot(elements(parser.parse(text)));
  } catch (error) {
    return malformed(error instanceof Error ? error.message : String(error));
  }
}

/** Reads a document whose root is one of `names`; `what` names the format in the reason. */
export function readRoot(text: string, names: readonly string[], what: string): Xml {
  const xml = readXml(text);
  if (xml.kind === 'malformed') return malformed(`it is not well-formed XML: ${xml.because}`);
  return names.includes(xml.root.name) ? xml : malformed(`it is not ${what}: its root is <${xml.root.name}>`);
}

/** All elements of a name below one. */
export function below(element: XmlElement, name: string): XmlElement[] {
  return element.children.flatMap((child) => [...(child.name === name ? [child] : []), ...below(child, name)]);
}

/** The validator lists the elements that are still open as "Invalid '[ "a", "b"]' found". */
function notValid({ line, msg }: { line: number; msg: string }): string {
  if (!/^Invalid '\[/.test(msg)) return `line ${line}: ${msg}`;
  const open = [...msg.matchAll(/"([^"]+)"/g)].map(([, name]) => `<${name}>`);
  return `it ends within ${open.join('')}: it was cut off`;
}

function onlyRoot(roots: readonly XmlElement[]): Xml {
  const [root, other] = roots;
  if (root === undefined) return malformed('it has no element');
  if (other !== undefined) return malformed(`it has two roots, <${root.name}> and <${other.name}>`);
  return { kind: 'root', root };
}

/** Looks before the root only: a quoted "<!DOCTYPE" in a test's output is just text. */
function hasDoctype(text: string): boolean {
  const root = text.search(/<[A-Za-z_:]/);
  return text.slice(0, root === -1 ? undefined : root).includes('<!DOCTYPE');
}

/** The parser's order-preserving form: `[{tag: [children], ':@': {attributes}}, {'#text': '…'}]`. */
function elements(nodes: unknown): XmlElement[] {
  if (!Array.isArray(nodes)) return [];
  return nodes.flatMap((node) => Object.entries(record(node)).flatMap(([name, value]) => element(name, value, node)));
}

function element(name: string, children: unknown, node: unknown): XmlElement[] {
  if (name === ':@' || name === textKey || name === cdataKey) return [];
  const attributes = Object.entries(record(record(node)[':@'])).map(([key, value]): [string, string] => [
    key.slice(attributePrefix.length),
    decode(String(value)),
  ]);
  return [{ name, attributes: Object.fromEntries(attributes), children: elements(children), text: ownText(children) }];
}

function ownText(nodes: unknown): string {
  if (!Array.isArray(nodes)) return '';
  const texts = nodes.map((node) => {
    const { [textKey]: text, [cdataKey]: cdata } = record(node);
    if (cdata !== undefined)
      return Array.isArray(cdata) ? cdata.map((part) => record(part)[textKey] ?? '').join('') : '';
    return text === undefined ? '' : decode(String(text));
  });
  return texts.join('');
}

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {};

const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function decode(text: string): string {
  return text.replace(/&(?:#(\d{1,8})|#x([\da-fA-F]{1,6})|(lt|gt|amp|quot|apos));/g, (whole, decimal, hex, name) => {
    if (name !== undefined) return named[String(name)] ?? whole;
    const code = decimal === undefined ? Number.parseInt(String(hex), 16) : Number(decimal);
    return code <= 0x10_ff_ff ? String.fromCodePoint(code) : whole;
  });
}
