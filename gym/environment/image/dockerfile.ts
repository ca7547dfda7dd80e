import { interpolate } from '../compose/interpolate.ts';

/**
 * Images from elsewhere that a Dockerfile builds upon: of `FROM`, and of `COPY --from`. Stages of its own and `scratch` are none.
 * Source: Dockerfile reference; only `ARG`s before the first `FROM` count in a `FROM`.
 */
export function baseImages(text: string, args: Readonly<Record<string, string>>): readonly string[] {
  const values: Record<string, string> = {};
  const stages = new Set<string>(['scratch']);
  const images = new Set<string>();
  let inStage = false;
  for (const line of logicalLines(text)) {
    const [, instruction = '', rest = ''] = /^(\S+)\s+(.*)$/.exec(line) ?? [];
    const kind = instruction.toUpperCase();
    if (kind === 'ARG' && !inStage) {
      const [, name = '', value] = /^([^=\s]+)(?:=(.*))?$/.exec(rest.trim()) ?? [];
      values[name] = args[name] ?? fill(unquote(value ?? ''), values) ?? '';
    }
    if (kind === 'FROM') {
      inStage = true;
      const words = rest
        .trim()
        .split(/\s+/)
        .filter((word) => !word.startsWith('--'));
      const image = fill(words[0] ?? '', values);
      if (image !== undefined && image !== '' && !stages.has(image.toLowerCase())) images.add(image);
      if (words[1]?.toUpperCase() === 'AS' && words[2] !== undefined) stages.add(words[2].toLowerCase());
    }
    const from = kind === 'COPY' ? /--from=(\S+)/.exec(rest)?.[1] : undefined;
    if (from !== undefined && !/^\d+$/.test(from) && !from.includes('$') && !stages.has(from.toLowerCase()))
      images.add(from);
  }
  return [...images];
}

/** Instructions with their continuation lines, without comments. */
function logicalLines(text: string): readonly string[] {
  return text
    .split(/\r?\n/)
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replace(/[\\`]\n/g, ' ')
    .split('\n')
    .map((line) => line.trim());
}

function fill(text: string, values: Readonly<Record<string, string>>): string | undefined {
  const filled = interpolate(unquote(text), (name) => values[name]);
  return filled.ok ? filled.text : undefined;
}

function unquote(text: string): string {
  return text.replace(/^(["'])(.*)\1$/, '$2');
}
