import { renderToString } from 'ink';
import type { Model } from './model.ts';
import { Screen } from './screen.tsx';

/** One frame as text with ANSI colours, made without a terminal. Colours are those that FORCE_COLOR allows. */
export function frameText(model: Model): string {
  return renderToString(<Screen model={model} />, { columns: model.size.columns });
}
