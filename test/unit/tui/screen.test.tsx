import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { fold } from '../../../gym/events/fold.ts';
import { frameText } from '../../../gym/tui/frame.tsx';
import { bindings } from '../../../gym/tui/keys.ts';
import { type Model, shownLog } from '../../../gym/tui/model.ts';
import { themeFor } from '../../../gym/tui/theme.ts';
import { initialUi } from '../../../gym/tui/ui.ts';
import { afterFirstAttempt, modelOf, recorded, until } from './model.ts';

const linesOf = (model: Model): string[] => stripVTControlCharacters(frameText(model)).split('\n');
const textOf = (model: Model): string => linesOf(model).join('\n');

describe('a frame', () => {
  it.each([
    [100, 30],
    [90, 24],
    [80, 24],
    [140, 50],
    [60, 15],
  ])('fills %d columns and %d rows exactly, at every moment of a loop', (columns, rows) => {
    for (let length = 0; length <= recorded.length; length += 23) {
      const lines = linesOf(modelOf(recorded.slice(0, length), { size: { columns, rows } }));
      expect(lines.length).toBe(rows);
      expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(columns);
    }
  });

  it('shows all panes side by side at 100x30: failures first, parts that are off, attempts and budgets', () => {
    const text = textOf(modelOf(afterFirstAttempt));
    for (const pane of [
      '1 Stages',
      '2 Checks',
      '3 ✗ fail bytes-by-channel',
      '4 Log',
      '5 Services',
      '6 Agent',
      'Attempts',
    ]) {
      expect(text).toContain(pane);
    }
    expect(text).toMatch(/› ✗ bytes-by-channel +0\.015 fail/);
    expect(text).toMatch(/✗ shm +71,135,396 +\+4,026,532 of 67,108,864/);
    expect(text).toMatch(/distance +█▃ +0\.06 → 0\.015/);
    expect(text).toMatch(/attempt 1 of 8 · \d:\d\d of 45:00 · \$0\.62 of \$5\.00/);
    expect(text.indexOf('✗ shm-matches-files')).toBeLessThan(text.indexOf('✓ unit  '));
  });

  it('shows of a stage that was taken from an earlier run which one that was', () => {
    const taken = afterFirstAttempt.map((event) =>
      event.type === 'stage.finished' && event.stage === 'e2e'
        ? { ...event, cachedFrom: '20261120-111905-85be' }
        : event,
    );
    expect(textOf(modelOf(taken))).toMatch(/✓ e2e {2}4✓ +cached 85be │/);
    expect(textOf(modelOf(afterFirstAttempt))).not.toContain('cached');
  });

  it('shows one pane with tabs below 90 columns', () => {
    const text = textOf(modelOf(afterFirstAttempt, { size: { columns: 80, rows: 24 } }));
    expect(text).toContain('[2 checks]');
    expect(text).toContain('✓ no-worker-restarted');
    expect(text).not.toContain('5 Services');
  });

  it('is one line below 60x15', () => {
    const lines = linesOf(modelOf(recorded, { size: { columns: 50, rows: 10 }, running: false }));
    expect(lines.filter((line) => line.trim() !== '').length).toBe(1);
    expect(lines[0]).toContain('✓ DONE');
  });

  it('uses ASCII only where it must, and no colours with NO_COLOR', () => {
    const theme = themeFor({ LANG: 'C', NO_COLOR: '1' });
    const text = textOf(modelOf(recorded, { theme, running: false }));
    expect(text).toMatch(/^[ -~\n]*$/);
    expect(Object.values(theme.looks).some((look) => 'color' in look)).toBe(false);
    expect(text).toContain('+ DONE');
  });

  it('tells the focused pane by its border where there are no colours', () => {
    for (const [locale, edge] of [
      ['C.UTF-8', '╔═ 2 Checks ═'],
      ['C', '#= 2 Checks ='],
    ] as const) {
      const theme = themeFor({ LANG: locale, NO_COLOR: '1' });
      const text = textOf(modelOf(afterFirstAttempt, { theme }));
      expect(text).toContain(edge);
      expect(text).not.toContain(edge.replace('2 Checks', '1 Stages'));
    }
    expect(textOf(modelOf(afterFirstAttempt))).toContain('╭─ 2 Checks ─');
  });

  it('shows all five services at 100x30, and of an agent that did nothing yet one row', () => {
    const text = textOf(modelOf(afterFirstAttempt));
    for (const { name } of modelOf(afterFirstAttempt).view.services) expect(text).toMatch(new RegExp(`✓ ${name} `));
    const before = linesOf(modelOf(recorded.filter(({ type }) => type !== 'agent.acted')));
    const at = before.findIndex((line) => line.includes('6 Agent'));
    expect(before[at + 2]).toMatch(/╰─+╯$/);
  });

  it('stays with the last log that has content, whatever an agent that wrote nothing had opened', () => {
    const keyOf = (model: Model) => shownLog(model)?.key;
    const wrote = modelOf(recorded, { running: false });
    const opened = { type: 'log.opened', source: 'agent', name: 'attempt-9', file: '/empty' } as const;
    const last = recorded.at(-1) ?? expect.fail('the fixture is empty');
    const view = fold(wrote.view, { v: 1, seq: 999, run: last.run, at: last.at, span: 'run', ...opened });
    expect(keyOf({ ...wrote, view })).toBe('stage:e2e');
    const hasContent = (log: { name: string }) => log.name === 'unit';
    expect(keyOf({ ...wrote, view, hasContent })).toBe('stage:unit');
  });

  it('documents every key of the table', () => {
    const text = textOf(modelOf(recorded, { ui: { ...initialUi, mode: 'help' } }));
    for (const { label, help } of bindings) expect(text).toContain(`${label.padEnd(14)}${help}`);
  });

  it('shows no parts of an earlier verdict while a check is judged anew', () => {
    const events = until((event) => event.type === 'run.started' && event.run.endsWith('7b02'));
    const verdict = modelOf(afterFirstAttempt).verdict;
    const text = textOf(
      modelOf(events, {
        verdict,
        ui: { ...initialUi, selected: { ...initialUi.selected, checks: 'bytes-by-channel' } },
      }),
    );
    expect(text).toContain('waiting bytes-by-channel');
    expect(text).toContain('the bytes attributed to local');
    expect(text).not.toContain('+4,026,532');
  });

  it('says of a run and a loop that were cut off that they were, and not how a run before that ended', () => {
    const over = { running: false, origin: 'record' } as const;
    const loop = textOf(modelOf(afterFirstAttempt, over));
    expect(loop).toMatch(/\? CUT OFF/);
    expect(loop).toMatch(/end none was recorded: gym loop \S+ --resume goes on with it/);
    expect(loop).toContain('q back');
    const run = recorded.filter((event) => event.run.endsWith('7b02')).slice(0, 20);
    expect(textOf(modelOf(run, over))).toMatch(/\? CUT OFF/);
    expect(textOf(modelOf([], over))).toContain('NOTHING RECORDED');
  });

  it('shows a problem with its remedy', () => {
    const problem = { kind: 'environment', message: 'port 7000 is taken', remedy: 'stop what listens there' } as const;
    const last = recorded[30] ?? expect.fail('the fixture is shorter than expected');
    const event = { v: 1, seq: 99, run: last.run, at: last.at, span: 'run', type: 'problem.found', problem } as const;
    const text = textOf(modelOf([...recorded.slice(0, 31), event]));
    expect(text).toContain('problem port 7000 is taken · stop what listens there');
  });

  it('takes control characters out of what an agent says', () => {
    const act = { type: 'agent.acted', attempt: 1, act: 'says', text: 'a\u001B[2Jb\u0007\nc' } as const;
    const first = recorded[0] ?? expect.fail('the fixture is empty');
    const event = { v: 1, seq: 99, run: first.run, at: first.at, span: 'run', ...act } as const;
    const frame = frameText(modelOf([...afterFirstAttempt, event]));
    expect(frame).not.toContain('\u001B[2J');
    expect(stripVTControlCharacters(frame)).toContain('says  ab c');
  });
});
