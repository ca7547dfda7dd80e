import { z } from 'zod';
import { failed, ok, type Place, type Result } from '../events/problem.ts';
import type { Document } from '../task/measurement.ts';
import type { FileFormat } from '../task/source/files.ts';
import { aliasTargets, jsonKeyLines, yamlKeyLines } from './key-lines.ts';

/** What a file may be read as. */
export type DocumentFormat = Exclude<FileFormat, 'none'>;

/** More documents than this are no evidence that anybody can look at. */
const mostDocuments = 2_000_000;

/** Takes a text apart into its documents, each with the line that it begins at. A text that is not of the format is a problem with its place. */
export async function parseDocuments(format: DocumentFormat, text: string, at: Place): Promise<Result<Document[]>> {
  const documents = await readers[format](text, at);
  if (!documents.ok || documents.value.length <= mostDocuments) return documents;
  const message = `${whereOf(at)} holds more than ${mostDocuments} documents`;
  return failed({ kind: 'evidence', message, place: at });
}

type ReadDocuments = (text: string, at: Place) => Result<Document[]> | Promise<Result<Document[]>>;

const readers: Readonly<Record<DocumentFormat, ReadDocuments>> = {
  json: jsonDocument,
  ndjson: jsonLines,
  csv: rows,
  yaml: yamlDocuments,
  text: wholeText,
};

/** The spaces around a text are no part of it; the line is that of the first character that is left. */
function wholeText(text: string, at: Place): Result<Document[]> {
  const value = text.trim();
  const line = text.slice(0, text.length - text.trimStart().length).split('\n').length;
  return ok([{ value, place: { ...at, line } }]);
}

function jsonDocument(text: string, at: Place): Result<Document[]> {
  const value = parsedJson(text, at);
  return value.ok ? ok([{ value: value.value, place: { ...at, line: 1 }, lines: jsonKeyLines(text) }]) : value;
}

function jsonLines(text: string, at: Place): Result<Document[]> {
  const documents: Document[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const place = { ...at, line: index + 1 };
    const value = parsedJson(line, place);
    if (!value.ok) return value;
    documents.push({ value: value.value, place });
  }
  return ok(documents);
}

function parsedJson(text: string, at: Place): Result<unknown> {
  try {
    // An editor's byte order mark is no part of the document.
    return ok(JSON.parse(text.replace(/^\uFEFF/, '')));
  } catch (thrown) {
    return broken(at, 'JSON', thrown);
  }
}

/** `bytes`: how many were read when it ended. */
const parsedRows = z.array(z.object({ record: z.array(z.string()), info: z.object({ bytes: z.number() }) }));

/** RFC 4180: quoted fields may hold commas, quotes (doubled) and line breaks. Each row has as many fields as the header. */
async function rows(whole: string, at: Place): Promise<Result<Document[]>> {
  const { parse } = await import('csv-parse/sync');
  const bytes = Buffer.from(whole.replace(/^\uFEFF/, ''));
  try {
    const options = { info: true, skip_empty_lines: true, record_delimiter: ['\r\n', '\n'] };
    const [header, ...others] = parsedRows.parse(parse(bytes, options));
    if (header === undefined) throw new Error('it has no header');
    const names = header.record;
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw new Error(`the header names "${twice}" twice`);
    const lines = new LineCount(bytes);
    lines.next(header.info.bytes);
    return ok(
      others.map(({ record, info }) => ({
        value: Object.fromEntries(names.map((name, index) => [name, record[index] ?? ''])),
        place: { ...at, line: lines.next(info.bytes) },
      })),
    );
  } catch (thrown) {
    return broken(at, 'CSV', thrown);
  }
}

/** Tells the line that each record begins at, of records one after the other. */
class LineCount {
  readonly #bytes: Uint8Array;
  #at = 0;
  #line = 1;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Of the record that ends at this byte. */
  next(end: number): number {
    while (this.#bytes[this.#at] === 10 || this.#bytes[this.#at] === 13) this.#step();
    const line = this.#line;
    while (this.#at < end) this.#step();
    return line;
  }

  #step(): void {
    if (this.#bytes[this.#at] === 10) this.#line += 1;
    this.#at += 1;
  }
}

async function yamlDocuments(text: string, at: Place): Promise<Result<Document[]>> {
  const { LineCounter, parseAllDocuments } = await import('yaml');
  const lineCounter = new LineCounter();
  const documents: Document[] = [];
  for (const document of parseAllDocuments(text, { lineCounter, merge: true })) {
    const [error] = document.errors;
    if (error !== undefined) return broken({ ...at, line: lineCounter.linePos(error.pos[0]).line }, 'YAML', error);
    const { line } = lineCounter.linePos(document.contents?.range?.[0] ?? 0);
    try {
      const value: unknown = document.toJS({ maxAliasCount: 1000 });
      const targets = aliasTargets(document);
      if (targets === null) throw new Error('an alias is inside of what it stands for');
      // After a last `---` there is nothing, which YAML calls null.
      if (value === null) continue;
      documents.push({ value, place: { ...at, line }, lines: yamlKeyLines(document, lineCounter, targets) });
    } catch (thrown) {
      return broken({ ...at, line }, 'YAML', thrown);
    }
  }
  return ok(documents);
}

function broken(at: Place, format: string, thrown: unknown): Result<never> {
  const [why] = (thrown instanceof Error ? thrown.message : String(thrown)).split('\n');
  return failed({ kind: 'evidence', message: `${whereOf(at)} is no ${format}: ${why?.slice(0, 300)}`, place: at });
}

/** `file:line`, or who said it. */
export function whereOf({ file, line, service }: Place): string {
  const at = file ?? (service === undefined ? 'what was read' : `what ${service} said`);
  return line === undefined ? at : file === undefined ? `${at}, line ${line},` : `${at}:${line}`;
}
