import type { Usage } from '../events/event.ts';

/** What an agent uses that has no model. `costUsd` and `turns` are not told. */
export const noUsage: Usage = {
  inputTokens: 0,
  cachedInputTokens: 0,
  outputTokens: 0,
  costUsd: null,
  turns: null,
  models: {},
};

/** Two uses together; a cost or a number of turns that only one of them tells counts as it is. */
export function plusUsage(a: Usage, b: Usage): Usage {
  return combine(a, b, (x, y) => x + y);
}

/** What came on top of an earlier count of the same conversation; never below 0. */
export function usageSince(total: Usage, before: Usage): Usage {
  return combine(total, before, (x, y) => Math.max(0, x - y));
}

function combine(a: Usage, b: Usage, by: (x: number, y: number) => number): Usage {
  const told = (x: number | null, y: number | null): number | null =>
    x === null && y === null ? null : by(x ?? 0, y ?? 0);
  const names = [...new Set([...Object.keys(a.models), ...Object.keys(b.models)])];
  const models = names.map((name) => {
    const [x, y] = [a.models[name] ?? noUsage, b.models[name] ?? noUsage];
    return [
      name,
      { inputTokens: by(x.inputTokens, y.inputTokens), outputTokens: by(x.outputTokens, y.outputTokens) },
    ] as const;
  });
  return {
    inputTokens: by(a.inputTokens, b.inputTokens),
    cachedInputTokens: by(a.cachedInputTokens, b.cachedInputTokens),
    outputTokens: by(a.outputTokens, b.outputTokens),
    costUsd: told(a.costUsd, b.costUsd),
    turns: told(a.turns, b.turns),
    models: Object.fromEntries(models),
  };
}
