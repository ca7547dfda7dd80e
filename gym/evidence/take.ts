import { z } from 'zod';
import { failed, ok, type Result } from '../events/problem.ts';
import type { Document, Sample } from '../task/measurement.ts';
import { whereOf } from './documents.ts';
import type { Found } from './reader.ts';

/** Samples of one source at most. */
export const mostSamples = 2_000_000;

/** What a task takes from one document. */
export type TakeSamples = (document: unknown) => readonly Sample[];

/** Takes the samples out of documents. One that does not fit is a problem that says where it is; the documents are kept as they are. */
export function take(documents: readonly Document[], takeFrom: TakeSamples, ownNonce: string): Result<Found> {
  const samples: Sample[] = [];
  for (const { value, place } of documents) {
    try {
      for (const sample of takeFrom(value)) samples.push(sample);
    } catch (thrown) {
      const message = `${whereOf(place)} cannot be used: ${reasonOf(thrown)}`;
      return failed({ kind: 'evidence', message, place });
    }
    if (samples.length > mostSamples) return tooMany();
  }
  const nonce = nonceOfAll(documents, ownNonce);
  return ok({ samples, documents, ...(nonce !== undefined && { nonce }) });
}

/** A source that gives more than can be judged at once. */
export function tooMany(): Result<never> {
  const remedy = 'Let each sample stand for several: count or sum before.';
  return failed({ kind: 'evidence', message: `it gives more than ${mostSamples} samples`, remedy });
}

/** The run that documents say they are of: if one of them is of another run, that one. */
function nonceOfAll(documents: readonly Document[], own: string): string | undefined {
  let found: string | undefined;
  for (const { value } of documents) {
    const nonce = nonceOf(value);
    if (nonce !== undefined && nonce !== own) return nonce;
    found ??= nonce;
  }
  return found;
}

/** A document may say which run it is of, by the value of `GYM_NONCE` that its stage was given. */
export function nonceOf(document: unknown): string | undefined {
  if (typeof document !== 'object' || document === null || !('gym_nonce' in document)) return undefined;
  return String(document.gym_nonce);
}

/** What was thrown, in one line: for a value that does not fit its schema, which one and why. */
export function reasonOf(thrown: unknown): string {
  if (thrown instanceof z.ZodError) {
    const told = thrown.issues.map(({ path, message }) =>
      path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`,
    );
    return told.slice(0, 3).join('; ').slice(0, 500);
  }
  return (thrown instanceof Error ? thrown.message : String(thrown)).slice(0, 500);
}
