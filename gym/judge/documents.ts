import { type Place, placeText } from '../events/problem.ts';
import { type Judgement, unknown, vacuous } from '../task/judgement.ts';
import { type Document, type Evidence, readingOf } from '../task/measurement.ts';

/** The documents of a source, of which there is at least one; or the judgement that there is nothing to judge. */
export function documentsOf(source: string, evidence: Evidence): readonly Document[] | Judgement {
  const reading = readingOf(source, evidence);
  if ('because' in reading) return unknown(reading.because);
  if (reading.documents === undefined) return unknown(`${source} keeps no documents, only samples`);
  return reading.documents.length === 0 ? vacuous(`${source} has no document`) : reading.documents;
}

/** Where a document is: `orders.ndjson:17`. */
export function documentText({ place }: Document): string {
  return placeText(place);
}

/** Keys and indices that lead from the whole of a document to a value in it. */
export type Path = readonly (string | number)[];

/** A path as a JSON Pointer (RFC 6901): `/spec/ports/0`. */
export function pointerOf(path: Path): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** Where a value of a document is written; of one that is missing, where the nearest that is there around it begins. */
export function placeIn({ place, lines }: Document, path: Path): Place {
  if (lines === undefined) return place;
  for (let length = path.length; length > 0; length -= 1) {
    const pointer = pointerOf(path.slice(0, length));
    if (Object.hasOwn(lines, pointer)) return { ...place, line: lines[pointer] };
  }
  return place;
}
