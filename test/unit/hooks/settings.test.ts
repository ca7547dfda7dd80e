import fc from 'fast-check';
import { parse } from 'jsonc-parser';
import { expect, test } from 'vitest';
import { ownHooks, type WantedHook, withHooks, withoutHooks } from '../../../gym/hooks/settings.ts';

const command = '"$CLAUDE_PROJECT_DIR"/node_modules/.bin/gym hooks run claude envs/shop || exit 1';
const wanted: readonly WantedHook[] = [
  { event: 'Stop', group: { hooks: [{ type: 'command', command, timeout: 3660 }] } },
  { event: 'PreToolUse', group: { matcher: 'Edit', hooks: [{ type: 'command', command, timeout: 10 }] } },
];

function installed(text: string, hooks = wanted): string {
  const done = withHooks(text, hooks, 'settings.json');
  if (!done.ok) throw new Error(done.problems[0].message);
  return done.value;
}

function uninstalled(text: string): string | undefined {
  const done = withoutHooks(text, 'settings.json');
  if (!done.ok) throw new Error(done.problems[0].message);
  return done.value;
}

const eventsOf = (text: string): string[] => {
  const found = ownHooks(text, 'settings.json');
  return found.ok ? found.value.map(({ event }) => event) : [];
};

test.each([
  ['on one line', '{"model":"x"}'],
  ['with two blanks', '{\n  "model": "x",\n  "permissions": { "allow": ["Bash(ls:*)"] }\n}\n'],
  [
    'with tabs, comments and a hook of its own',
    '// mine\n{\n\t"hooks": {\n\t\t"Stop": [\n\t\t\t{"hooks": [{"type":"command","command":"say done"}]} // said\n\t\t] /* all */\n\t}\n}\n',
  ],
  [
    'with the line ends of Windows',
    '{\r\n    "hooks": {\r\n        "Stop": [{ "hooks": [] }]\r\n    },\r\n    "a": 1\r\n}\r\n',
  ],
  ['with trailing commas', '{\n  "hooks": {\n    "Stop": [{"hooks": [{"command": "a"},],},],\n  },\n}\n'],
  [
    'with a group that gym could share',
    '{"hooks":{"PreToolUse":[{"matcher":"Edit","hooks":[{"type":"command","command":"a"}]}]}}',
  ],
])('settings %s keep every byte, and have them back after uninstall', (_, text) => {
  const after = installed(text);
  expect(eventsOf(after).sort()).toEqual(['PreToolUse', 'Stop']);
  expect(installed(after)).toBe(after);
  expect(uninstalled(after)).toBe(text);
  const before = parse(text, [], { allowTrailingComma: true });
  for (const [event, groups] of Object.entries<unknown[]>(before.hooks ?? {})) {
    expect(parse(after, [], { allowTrailingComma: true }).hooks[event]).toEqual(expect.arrayContaining(groups));
  }
});

test('any settings come through install and uninstall as they were', () => {
  const groups = fc.array(fc.record({ matcher: fc.string(), hooks: fc.array(fc.record({ command: fc.string() })) }), {
    minLength: 1,
  });
  const settings = fc.record(
    {
      model: fc.jsonValue(),
      hooks: fc.dictionary(fc.constantFrom('Stop', 'PreToolUse', 'Other'), groups, { minKeys: 1 }),
      last: fc.jsonValue(),
    },
    { requiredKeys: ['model'] },
  );
  const indents = fc.constantFrom(0, 2, 4, '\t');
  fc.assert(
    fc.property(settings, indents, (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      const after = installed(text);
      expect(eventsOf(after)).toHaveLength(2);
      expect(JSON.parse(after)).toMatchObject({ model: JSON.parse(text).model });
      expect(installed(after)).toBe(after);
      expect(uninstalled(after)).toBe(text);
    }),
  );
});

test("nothing but gym's hooks: the file is made, and goes with them", () => {
  const after = installed('');
  expect(JSON.parse(after)).toEqual({ hooks: { Stop: [wanted[0]?.group], PreToolUse: [wanted[1]?.group] } });
  expect(uninstalled(after)).toBeUndefined();
  expect(uninstalled('{"model": "x"}')).toBe('{"model": "x"}');
});

test('what has changed is changed in its place, by which Codex knows what is trusted', () => {
  const theirs = { hooks: [{ type: 'command', command: 'theirs' }] };
  const text = JSON.stringify({ hooks: { Stop: [wanted[0]?.group, theirs] } }, null, 2);
  const slower = { event: 'Stop', group: { hooks: [{ type: 'command', command, timeout: 7260 }] } };
  expect(JSON.parse(installed(text, [slower]))).toEqual({ hooks: { Stop: [slower.group, theirs] } });
});

test("hooks of another task, and those moved into another's group, are replaced, not doubled", () => {
  const other = command.replace('envs/shop', 'envs/other');
  const shared = {
    matcher: 'Edit',
    hooks: [
      { type: 'command', command: 'theirs' },
      { type: 'command', command: other },
    ],
  };
  const text = JSON.stringify({ hooks: { PreToolUse: [shared] } }, null, 2);
  const after = JSON.parse(installed(text));
  expect(after.hooks.PreToolUse).toEqual([{ ...shared, hooks: shared.hooks.slice(0, 1) }, wanted[1]?.group]);
});

test.each([
  ['{\n  "hooks": {\n    "Stop": \n}\n', 4, /not valid JSON/],
  ['{\n  "hooks": {\n    "Stop": "x"\n  }\n}\n', 3, /hooks\.Stop is no list/],
  ['[]', 1, /an object/],
  ['{\n  "hooks": 3 }', 2, /hooks is no object/],
])('%j is a problem with its line, and changes nothing', (text, line, message) => {
  const done = withHooks(text, wanted, '.claude/settings.json');
  expect(done).toMatchObject({
    ok: false,
    problems: [{ message: expect.stringMatching(message), place: { file: '.claude/settings.json', line } }],
  });
});
