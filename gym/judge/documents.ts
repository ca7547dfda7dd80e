import { placeText } from '../events/problem.ts';
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
