import { setFlagsFromString } from 'node:v8';
import { z } from 'zod';
import { failed, ok, type Result } from '../events/problem.ts';
import type { Document, Sample } from '../task/measurement.ts';
import { whereOf } from './documents.ts';
import type { Found } from './reader.ts';

/** Samples of one source at most. */
export const mostSamples = 2_000_000;

/** From so many on, what V8 keeps ready for objects that soon go is kept small: samples stay, and a process of them would take half as much again. */
const manySamples = 50_000;

/** What a task takes from one document. */
export type TakeSamples = (document: unknown) => readonly Sample[];

/** Takes the samples out of documents. One that does not fit is a problem that says where it is; the documents are kept as they are. */
export function take(documents: readonly Document[], takeFrom: TakeSamples, ownNonce: string): Result<Found> {
  const samples: Sample[] = [];
  let areMany = false;
  for (const { value, place } of documents) {
    try {
      for (const sample of takeFrom(value)) samples.push(sample);
    } catch (thrown) {
      const what = isOfSamples(thrown) ? ': what the samples of the task give for it does not fit' : ' cannot be used';
      const message = `${whereOf(place)}${what}: ${reasonOf(thrown)}`;
      return failed({ kind: 'evidence', message, place });
    }
    if (samples.length > mostSamples) return tooMany();
    if (!areMany && samples.length > manySamples) setFlagsFromString('--semi-space-growth-factor=1');
    areMany ||= samples.length > manySamples;
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

/** What a function gives is checked by zod's core; its error is not that of a schema, which a document does not fit. */
const isOfSamples = (thrown: unknown): boolean => thrown instanceof z.core.$ZodError && !(thrown instanceof z.ZodError);

/** What was thrown, in one line: for a value that does not fit its schema, which one and why. */
export function reasonOf(thrown: unknown): string {
  if (thrown instanceof z.core.$ZodError) {
    const told = thrown.issues.map(({ path, message }) =>
      path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`,
    );
    return told.slice(0, 3).join('; ').slice(0, 500);
  }
  return (thrown instanceof Error ? thrown.message : String(thrown)).slice(0, 500);
}
