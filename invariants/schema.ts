import { z } from 'zod';
import { isJudgement } from '../gym/judge/compare.ts';
import { judgeCounted } from '../gym/judge/counted.ts';
import { documentsOf, documentText } from '../gym/judge/documents.ts';
import { countText, listText, shareText, verbFor } from '../gym/judge/text.ts';
import { defineInvariant, invariantBase } from '../gym/task/invariant.ts';
import { plainIssues } from '../gym/task/issues.ts';
import type { Judgement } from '../gym/task/judgement.ts';
import type { Document, Evidence } from '../gym/task/measurement.ts';

const spec = z.strictObject({
  ...invariantBase,
  /** The measurement or witness whose documents are looked at. */
  source: z.string().min(1),
  /** What each of them has to be, in zod. */
  fits: z.custom<z.ZodType>((value) => value instanceof z.ZodType, 'a zod schema, as in z.object({ id: z.string() })'),
});
type Spec = z.output<typeof spec>;

/** Every document of a source fits a schema. */
export const schema = defineInvariant({
  kind: 'schema',
  schema: spec,
  claim: ({ source }) => `every document of ${source} fits its schema`,
  sources: ({ source }) => [source],
  judge,
  notices: () => ['damage'],
});

interface Misfit {
  readonly document: Document;
  readonly because: string;
}

function judge({ source, fits }: Spec, evidence: Evidence): Judgement {
  const documents = documentsOf(source, evidence);
  if (isJudgement(documents)) return documents;
  const misfits = documents.flatMap((document) => {
    const because = misfit(fits, document.value);
    return because === null ? [] : [{ document, because }];
  });
  return judgeCounted({
    breaks: misfits.length,
    of: documents.length,
    because:
      misfits.length === 0
        ? `${countText(documents.length, 'document')}, each fits`
        : `${shareText(misfits.length, documents.length, 'document')} ${verbFor(misfits.length, 'does', 'do')} not fit: ${listText(misfits.map(misfitText), 3)}`,
    evidence: misfits.map(({ document: { place } }) => ({ what: `document of ${source}`, place })),
    parts: misfits.map(({ document, because }) => ({
      part: documentText(document),
      observed: because,
      expected: '',
      off: '',
    })),
  });
}

/** What does not fit, with its path; null: nothing. */
function misfit(fits: z.ZodType, value: unknown): string | null {
  const parsed = fits.safeParse(value);
  if (parsed.success) return null;
  const told = plainIssues(parsed.error.issues).map(({ path, message }) =>
    path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`,
  );
  return listText(told, 2).slice(0, 300);
}

function misfitText({ document, because }: Misfit): string {
  return `${documentText(document)}: ${because}`;
}
