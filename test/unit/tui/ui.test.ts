import { describe, expect, it } from 'vitest';
import { checksInOrder } from '../../../gym/events/view.ts';
import { type Model, shownOf } from '../../../gym/tui/model.ts';
import { initialUi, press, selectedOf, topIndex, type Ui } from '../../../gym/tui/ui.ts';
import { afterFirstAttempt, modelOf, recorded } from './model.ts';

const model = modelOf(afterFirstAttempt);
const withUi = (ui: Ui): Model => ({ ...model, ui });
function pressed(keys: readonly string[], from: Ui = initialUi): Ui {
  return keys.reduce((ui, key) => press(ui, key, shownOf(withUi(ui))).ui, from);
}

describe('keys', () => {
  it('keep the selection where the user put it when failures move above it', () => {
    const ui = pressed(['j', 'j']);
    const chosen = ui.selected.checks;
    expect(chosen).toBe('unit');
    for (let length = 0; length <= recorded.length; length += 11) {
      const { view } = modelOf(recorded.slice(0, length));
      const names = checksInOrder(view).map((check) => check.name);
      if (names.length > 0) expect(selectedOf(ui, 'checks', names)).toBe(chosen);
    }
  });

  it('stop at both ends of a list', () => {
    expect(pressed(['k', 'k']).selected.checks).toBe('bytes-by-channel');
    expect(pressed(['G', 'j']).selected.checks).toBe('no-worker-restarted');
  });

  it('go to panes by number and by Tab, in a circle', () => {
    expect(pressed(['4']).focused).toBe('log');
    expect(pressed(['6', 'tab']).focused).toBe('stages');
    expect(pressed(['1', 'shift-tab']).focused).toBe('agent');
    const alone = { ...shownOf(model), hasAgent: false };
    expect(press(pressed(['5']), 'tab', alone).ui.focused).toBe('stages');
    expect(press(initialUi, '6', alone).ui.focused).toBe('checks');
  });

  it('go through the failures, round and round', () => {
    expect(pressed(['n']).selected.checks).toBe('bytes-by-channel');
    expect(pressed(['n', 'n']).selected.checks).toBe('shm-matches-files');
    expect(pressed(['n', 'n', 'n']).selected.checks).toBe('bytes-by-channel');
    expect(pressed(['n', 'N']).selected.checks).toBe('shm-matches-files');
  });

  it('open the log of a stage, the detail of a check, and go back', () => {
    const log = pressed(['1', 'j', 'j', 'return']);
    expect([log.focused, log.log]).toEqual(['log', 'stage:unit']);
    expect(pressed(['escape'], log).focused).toBe('stages');
    const detail = pressed(['return']);
    expect([detail.focused, detail.opened]).toEqual(['detail', true]);
    expect(pressed(['escape'], detail)).toMatchObject({ focused: 'checks', opened: false });
  });

  it('filter the pane in focus while typing, also inversely, and clear with Esc', () => {
    const names = (ui: Ui) => shownOf(withUi(ui)).names.checks;
    const typed = pressed(['/', 's', 'h', 'm']);
    expect(names(typed)).toEqual(['shm-matches-files']);
    expect(names(pressed(['/', '!', 's', 'h', 'm', 'return']))).not.toContain('shm-matches-files');
    expect(names(pressed(['/', 'q', 'backspace', 'return'])).length).toBe(11);
    expect(names(pressed(['escape'], typed)).length).toBe(11);
  });

  it('hold a followed log where it is, and follow again with G', () => {
    const numbers = Array.from({ length: 40 }, (_, index) => index + 1);
    const held = pressed(['4', 'k']);
    const rows = shownOf(withUi(held)).rows.log;
    expect(held.top.log).toBe(40 - rows);
    // New lines come, old ones are dropped: the line at the top stays the same.
    const later = numbers.map((number) => number + 20);
    expect(later[topIndex(held, 'log', later, rows)]).toBe(held.top.log);
    expect(pressed(['G'], held).top.log).toBeNull();
    expect(pressed(['f']).top.log).toBe(40 - rows + 1);
    expect(pressed(['f', 'f']).top.log).toBeNull();
  });

  it('quit at once when nothing runs, and ask while something does', () => {
    const shown = shownOf(model);
    expect(press(initialUi, 'q', { ...shown, running: false }).effect).toBe('leave');
    const asked = press(initialUi, 'q', shown);
    expect([asked.ui.mode, asked.effect]).toEqual(['confirm', undefined]);
    expect(press(asked.ui, 'n', shown).ui.mode).toBe('browse');
    expect(press(asked.ui, 'y', shown)).toMatchObject({ effect: 'stop', ui: { mode: 'stopping' } });
    expect(press({ ...initialUi, mode: 'filter' }, 'ctrl-c', shown).effect).toBe('interrupt');
  });

  it('leave for the start screen with Esc, once there is nothing else to go back from and nothing runs', () => {
    const shown = { ...shownOf({ ...model, origin: 'start' }), running: false };
    expect(press(initialUi, 'escape', shown).effect).toBe('leave');
    expect(press(pressed(['return']), 'escape', shown).effect).toBeUndefined();
    expect(press(pressed(['/', 'x', 'return']), 'escape', shown).effect).toBeUndefined();
    expect(press(initialUi, 'escape', { ...shown, running: true }).effect).toBeUndefined();
    expect(press(initialUi, 'escape', { ...shown, hasStart: false }).effect).toBeUndefined();
  });

  it('leave what is only looked at without asking, though it runs', () => {
    const shown = shownOf({ ...model, running: true, origin: 'record' });
    expect([press(initialUi, 'q', shown).effect, press(initialUi, 'escape', shown).effect]).toEqual(['leave', 'leave']);
  });

  it('turn the pages of a help that does not fit', () => {
    const shown = { ...shownOf(model), helpRows: 15 };
    const next = press(press(initialUi, '?', shown).ui, 'x', shown).ui;
    expect([next.mode, next.helpTop]).toEqual(['help', 15]);
    expect(press(next, 'x', shown).ui).toMatchObject({ mode: 'browse', helpTop: 0 });
  });
});
