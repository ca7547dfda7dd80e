import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TemporaryFolder, temporaryFolder } from '../../support/repository.ts';

const gym = join(import.meta.dirname, '../../../gym');
const imports = "import { abs, conservation, defineTask, json, log, sum, z } from 'devgym';\n";
const head = "  name: 'count',\n  instruction: 'TASK.md',\n  compose: 'compose.yaml',\n";
const stages = "  stages: [{ name: 'unit', command: 'true' }],\n";
/** A task file with more in the call; the first line of `more` is line 7. */
const task = (more: string): string => `${imports}export default defineTask({\n${head}${stages}${more}\n});\n`;
const source = "json({ stage: 'unit', path: 'r', schema: z.any(), samples: () => [] })";
const flow = "conservation({ name: 'flow', total: sum('a.x'), parts: sum('a.y') })";

interface Case {
  readonly content: string;
  /** What the first problem says, with the place as file:line. */
  readonly says: RegExp;
  readonly line: number | undefined;
  readonly files?: Readonly<Record<string, string>>;
  /** Where it is, if not in the task file. */
  readonly file?: string;
}

const cases: Record<string, Case> = {
  'a wrong type': {
    content: task('  limits: { attempts: "x" },'),
    says: /^defineTask: limits\.attempts: .*expected number/,
    line: 7,
  },
  'a stage that has a month': {
    content: task('').replace("'true' }", "'true', timeoutSeconds: 2592000 }"),
    says: /^defineTask: stages\.0\.timeoutSeconds: at most 86400 seconds: a day$/,
    line: 6,
  },
  'a compose that is no file': {
    content: task('').replace("'compose.yaml'", '7'),
    says: /^defineTask: compose: .*expected string, received number or expected array/,
    line: 5,
  },
  'no Compose file at all': {
    content: task('').replace("'compose.yaml'", '[]'),
    says: /^defineTask: compose: /,
    line: 5,
  },
  'one of several Compose files that is not there': {
    content: task('').replace("'compose.yaml'", "[\n    'compose.yaml',\n    'compose.test.yaml',\n  ]"),
    says: /^compose: beside the task file there is no compose\.test\.yaml$/,
    line: 7,
  },
  'an environment that has a month': {
    content: task('  limits: { upSeconds: 2592000 },'),
    says: /^defineTask: limits\.upSeconds: at most 86400 seconds/,
    line: 7,
  },
  'a loop that has a year': {
    content: task('  limits: { minutes: 525600 },'),
    says: /^defineTask: limits\.minutes: at most 43200 minutes/,
    line: 7,
  },
  'a wrong type, deep down': {
    content: task("  limits: {\n    // more than one line\n    upSeconds:\n      'x',\n  },"),
    says: /limits\.upSeconds/,
    line: 9,
  },
  'an unknown key': { content: task('\n  wittness: {},'), says: /wittness/, line: 8 },
  'a call of what is not defined': {
    content: `${imports}\nexport default defineTsk({\n${head}${stages}});\n`,
    says: /ReferenceError: defineTsk is not defined$/,
    line: 3,
  },
  'an unknown key of a stage': {
    content: `${imports}export default defineTask({\n${head}  stages: [\n    { name: 'a', command: 'x' },\n    {\n      name: 'b',\n      comand: 'x',\n    },\n  ],\n});\n`,
    says: /^defineTask: stages\.1: unknown key "comand" \(did you mean "command"\?\)$/,
    line: 10,
  },
  'a format of results that is misspelt': {
    content: `${imports}export default defineTask({\n${head}  stages: [{ name: 'a', command: 'x', results: { format: 'pytset', path: 'x' } }],\n});\n`,
    says: /^defineTask: stages\.0\.results\.format: there is no format "pytset"\. Did you mean "pytest"\? The formats are: junit, .*trx\.$/,
    line: 6,
  },
  'a tool whose format has another name': {
    content: `${imports}export default defineTask({\n${head}  stages: [{ name: 'a', command: 'x', results: { format: 'nextest', path: 'x' } }],\n});\n`,
    says: /there is no format "nextest"\. Did you mean "junit"\? The formats are: /,
    line: 6,
  },
  'a folder in a service that the engine would not take': {
    content: `${imports}export default defineTask({\n${head}  stages: [{ name: 'a', service: 'a', command: 'x', workdir: 'app' }],\n});\n`,
    says: /^defineTask: stages\.0\.workdir: in a service it has to begin with \/$/,
    line: 6,
  },
  'an unknown key of an invariant': {
    content: task(
      `  measurements: { a: ${source} },\n  invariants: [\n    conservation({\n      name: 'flow',\n      totl: sum('a.x'),\n    }),\n  ],`,
    ),
    says: /^conservation: unknown key "totl" \(did you mean "total"\?\)$/,
    line: 11,
  },
  'an unknown key within a choice': {
    content: task(
      "  invariants: [\n    log({\n      name: 'l',\n      services: ['a'],\n      line: { patern: 'x' },\n      expect: 'present',\n    }),\n  ],",
    ),
    says: /^log: line.*patern/,
    line: 11,
  },
  'a missing key': {
    content: `${imports}export default defineTask({\n${head}});\n`,
    says: /^defineTask: stages/,
    line: 2,
  },
  'a tolerance below 0': {
    content: task(
      `  measurements: { a: ${source} },\n  invariants: [\n    conservation({\n      name: 'flow',\n      total: sum('a.x'),\n      parts: sum('a.y'),\n      tolerance: abs(-1),\n    }),\n  ],`,
    ),
    says: /^conservation: tolerance\.size: a tolerance is 0 or more$/,
    line: 13,
  },
  'a metric without a source': {
    content: task("  invariants: [\n    conservation({ name: 'flow', total: sum('x'), parts: sum('a.y') }),\n  ],"),
    says: /^conservation: total\.metric: a metric is named source\.metric/,
    line: 8,
  },
  'two checks of one name': {
    content: task(`  measurements: { a: ${source} },\n  invariants: [\n    ${flow.replace("'flow'", "'unit'")},\n  ],`),
    says: /^two checks are named unit$/,
    line: 9,
  },
  'a check that has the name of a guard': {
    content: task(`  measurements: { a: ${source} },\n  invariants: [${flow.replace("'flow'", "'guard-skips'")}],`),
    says: /^two checks are named guard-skips$/,
    line: 8,
  },
  'a waiver of a guard that does not exist': {
    content: task(
      "  waivers: [{ check: 'guard-skips', reason: 'r', owner: 'o', until: '2030-01-31' },\n    { check: 'guard-skip', reason: 'r', owner: 'o', until: '2030-01-31' }],",
    ),
    says: /^there is no check guard-skip to be waived$/,
    line: 8,
  },
  'a guard that does not exist': {
    content: task("  guards: {\n    severity: { skip: 'warn' },\n  },"),
    says: /^defineTask: guards\.severity/,
    line: 8,
  },
  'two stages of one name': {
    content: task('').replace("'true' }]", "'true' },\n    { name: 'unit', command: 'false' }]"),
    says: /^two checks are named unit$/,
    line: 7,
  },
  'a stage that does not exist': {
    content: task(`  measurements: {\n    a: ${source.replace("'unit'", "'e2e'")},\n  },`),
    says: /^a: there is no stage e2e$/,
    line: 8,
  },
  'a source that does not exist': {
    content: task(`  invariants: [${flow}],`),
    says: /^flow: there is no measurement or witness a$/,
    line: 7,
  },
  'a source of a name that every object has': {
    content: task(`  invariants: [${flow.replaceAll('a.', 'constructor.')}],`),
    says: /there is no measurement or witness constructor/,
    line: 7,
  },
  'a measurement and a witness': {
    content: task(`  measurements: { a: ${source} },\n  witnesses: { a: ${source} },`),
    says: /^a is a measurement and a witness$/,
    line: 8,
  },
  'something else among the invariants': {
    content: task(`  invariants: [\n    { judge: () => true },\n  ],`),
    says: /^defineTask: invariants\.0: not an invariant/,
    line: 8,
  },
  'no instruction': {
    content: task('').replace('TASK.md', 'NONE.md'),
    says: /^instruction: beside the task file there is no NONE\.md/,
    line: 4,
  },
  'an instruction that would not be in the snapshot': {
    content: task('').replace('TASK.md', '../TASK.md'),
    says: /^instruction: it has to be in the folder of the task file, not \.\.\/TASK\.md/,
    line: 4,
  },
  'no Compose file': {
    content: task('').replace('compose.yaml', 'none.yaml'),
    says: /^compose: beside the task file there is no none\.yaml/,
    line: 5,
  },
  'no default export': { content: `${imports}export const task = 1;\n`, says: /no default export/, line: undefined },
  'a default export that is no task': {
    content: '\n\nexport default 5;\n',
    says: /^the default export: .*expected object/,
    line: 3,
  },
  'a plain object that is no task': {
    content: "export default {\n  name: 'count',\n  instruction: 5,\n};\n",
    says: /^the default export: instruction: /,
    line: 3,
  },
  'a syntax error': { content: `${imports}\nexport default defineTask({{\n});\n`, says: /SyntaxError/, line: 3 },
  'a syntax error of types': { content: `${imports}\nconst a: = 5;\n`, says: /SyntaxError/, line: 3 },
  'syntax that is not only types': { content: `${imports}\nenum A { b }\n`, says: /enum/, line: 3 },
  'a throw': { content: `${imports}\nthrow new RangeError('oops');\n`, says: /RangeError: oops$/, line: 3 },
  'a throw in a function': {
    content: `${imports}const f = () => {\n  throw new Error('oops');\n};\nf();\n`,
    says: /Error: oops$/,
    line: 3,
  },
  'a throw of something else': { content: "throw 'oops';\n", says: /threw oops$/, line: undefined },
  'a name that is not defined': {
    content: `${imports}\n\nexport default defineTask(missing);\n`,
    says: /missing is not defined/,
    line: 4,
  },
  'a missing module': {
    content: `\nimport x from './nope.ts';\nexport default x;\n`,
    says: /Cannot find module .*nope\.ts/,
    line: 2,
  },
  'a missing package': {
    content: `\nimport x from 'no-such-package';\nexport default x;\n`,
    says: /Cannot find package 'no-such-package'/,
    line: 2,
  },
  'a missing export': {
    content: `\nimport { agreee } from 'devgym';\nexport default agreee;\n`,
    says: /does not provide an export named 'agreee'/,
    line: 2,
  },
  'a throw in a file that it imports': {
    content: "import './helper.ts';\nexport default 1;\n",
    files: { 'helper.ts': "\n\nthrow new Error('in the helper');\n" },
    says: /in the helper/,
    file: 'helper.ts',
    line: 3,
  },
  'a syntax error in a file that it imports': {
    content: "import './helper.ts';\nexport default 1;\n",
    files: { 'helper.ts': '\n\n\nconst = 5;\n' },
    says: /SyntaxError/,
    file: 'helper.ts',
    line: 4,
  },
  'with Windows line ends and a BOM': {
    content: `\uFEFF${task('  limits: { attempts: "x" },').replaceAll('\n', '\r\n')}`,
    says: /limits\.attempts/,
    line: 7,
  },
  'the API under another name': {
    content: `import * as api from 'devgym';\nexport default api.defineTask({\n${head}  stages: [],\n});\n`,
    says: /a task has at least one stage/,
    line: 6,
  },
};

type Loaded =
  | { ok: true; value: { name: string } }
  | { ok: false; problems: { kind: string; message: string; place?: { file?: string; line?: number } }[] };
let folder: TemporaryFolder;
let loaded: Record<string, Loaded>;

/** All in one process of real Node: Vitest would load task files in another way. */
beforeAll(() => {
  folder = temporaryFolder();
  const all: Record<string, Pick<Case, 'content' | 'files'>> = {
    ...cases,
    good: { content: task(`  measurements: { a: ${source} },\n  invariants: [${flow}],`) },
    plain: {
      content:
        "export default {\n  name: 'plain', instruction: 'TASK.md', compose: 'compose.yaml', stages: [{ name: 'a', command: ['true'] }] };\n",
    },
  };
  const names = [...Object.keys(all), 'gone'];
  for (const [index, { content, files }] of Object.values(all).entries()) {
    folder.write(`${index}/task.ts`, content);
    for (const [name, text] of Object.entries({ 'TASK.md': '', 'compose.yaml': '', ...files }))
      folder.write(`${index}/${name}`, text);
  }
  const script = `
    import { loadTask } from '${gym}/task/load.ts';
    const all = [];
    for (let index = 0; index < ${names.length}; index += 1) all.push(await loadTask('${folder.path}/' + index + '/task.ts'));
    process.stdout.write(JSON.stringify(all));`;
  const args = ['--no-warnings', '--input-type=module-typescript', '--eval', script];
  const results: Loaded[] = JSON.parse(execFileSync(process.execPath, args, { cwd: gym, encoding: 'utf8' }));
  loaded = Object.fromEntries(
    names.map((name, index): [string, Loaded] => [name, results[index] ?? { ok: false, problems: [] }]),
  );
});
afterAll(() => folder[Symbol.dispose]());

describe('what is wrong has its place', () => {
  test.each(Object.entries(cases))('%s', (name, { says, line, file = 'task.ts' }) => {
    const result = loaded[name];
    if (result === undefined || result.ok) throw new Error('it was loaded');
    const [problem] = result.problems;
    expect(problem?.message).toMatch(says);
    expect(problem?.place?.file).toBe(join(folder.path, String(Object.keys(cases).indexOf(name)), file));
    expect(problem?.place?.line).toBe(line);
    expect(problem?.kind).toBe('definition');
  });
});

test.each([
  ['good', 'count'],
  ['plain', 'plain'],
])('a %s task is loaded from anywhere, and devgym means this gym', (name, taskName) => {
  expect(loaded[name]).toMatchObject({ ok: true, value: { name: taskName, limits: { attempts: 8 } } });
});

test('a task file that is gone, as while an editor writes it anew, is told as that', () => {
  expect(loaded['gone']).toMatchObject({ ok: false, problems: [{ message: 'the task file is not there' }] });
});
