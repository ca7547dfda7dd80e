import { describe, expect, it } from 'vitest';
import { staleTags } from '../../../../gym/environment/image/prune.ts';

const hour = 3_600_000;
const image = (name: string, hours: number): { tags: string[]; usedAt: number } => ({
  tags: [`gym-t-a:${name}`, 'other:1'],
  usedAt: hours * hour,
});

describe('staleTags', () => {
  it('leaves the five that were used last, and tags of others', () => {
    const images = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name, index) => image(name, index + 1));
    expect(staleTags('gym-t-a', images)).toEqual(['gym-t-a:b', 'gym-t-a:a']);
  });

  it('leaves those that were in use a moment ago, and those of unknown age', () => {
    const images = [1, 1.01, 1.02, 1.03, 1.04, 1.05, 0].map((hours, index) => image(String(index), hours));
    expect(staleTags('gym-t-a', images)).toEqual([]);
  });
});
