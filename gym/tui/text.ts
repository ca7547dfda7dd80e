import { stripVTControlCharacters } from 'node:util';

/** A short time: `0.6 s`, `4:02`, `1:04:10`. */
export function durationText(ms: number): string {
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : clockText(ms);
}

/** A running time, to the second: `0:09`, `12:41`, `1:04:10`. */
export function clockText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

/** How long ago something was: `12 s ago`, `5 min ago`, `3 h ago`, `2 days ago`. */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} days ago`;
}

/** Time of day, local: `09:14:07`. */
export function timeText(at: number): string {
  return new Date(at).toTimeString().slice(0, 8);
}

/** US dollars to the cent, as in `$1.84`. */
export function dollarsText(usd: number): string {
  return `$${usd.toFixed(2)}`;
}

/** A size as people read it: `812 B`, `64 kB`, `1.2 MB`. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** A distance in at most five characters: `0`, `0.06`, `1.9`, `312`. */
export function distanceText(distance: number | null): string {
  if (distance === null) return '?';
  if (distance === 0) return '0';
  if (distance < 0.0001) return distance.toExponential(0);
  return distance < 100 ? String(Number(distance.toPrecision(2))) : String(Math.round(distance));
}

/**
 * Values as bars, scaled to the largest. Zero, and only zero, is the lowest bar; what was not judged is a space,
 * never a zero.
 */
export function sparkline(values: readonly (number | null)[], sparks: string): string {
  const levels = [...sparks];
  const largest = Math.max(0, ...values.filter((value) => value !== null));
  const bar = (value: number | null): string => {
    if (value === null) return ' ';
    if (value === 0) return levels[0] ?? '';
    return levels[Math.max(1, Math.round((value / largest) * (levels.length - 1)))] ?? '';
  };
  return values.map(bar).join('');
}

/** Breaks text into lines of at most `width` characters, at spaces where there are some. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ').flatMap((each) => pieces(each, width))) {
      if (line === '') line = word;
      else if (line.length + 1 + word.length <= width) line += ` ${word}`;
      else {
        lines.push(line);
        line = word;
      }
    }
    lines.push(line);
  }
  return lines;
}

function pieces(word: string, width: number): string[] {
  const count = Math.max(1, Math.ceil(word.length / width));
  return Array.from({ length: count }, (_, index) => word.slice(index * width, (index + 1) * width));
}

/** A line from elsewhere without what would move the cursor or change colours. */
export function cleanLine(line: string): string {
  const plain = stripVTControlCharacters(line).replaceAll('\t', '    ');
  return plain.replaceAll(/\p{Cc}/gu, '');
}

/** Whether a line fits a filter: it contains the text, whatever the case; with `!` before it: it does not. */
export function fits(line: string, filter: string): boolean {
  const inverse = filter.startsWith('!');
  const wanted = (inverse ? filter.slice(1) : filter).toLowerCase();
  return wanted === '' || line.toLowerCase().includes(wanted) !== inverse;
}
