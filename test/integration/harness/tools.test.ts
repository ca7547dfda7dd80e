import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { runStage, type StageOutcome } from '../../../gym/harness/stage.ts';
import type { ResultFormat } from '../../../gym/task/result-format.ts';
import { serviceImages } from '../../support/service-images.ts';
import { caseLine, recordedCases } from '../../unit/harness/parse/tools.ts';
import { hostContext, stageOf } from '../../unit/harness/support.ts';
import { bench } from '../environment/support.ts';

const image = 'localhost/test-tools';
const samples = fileURLToPath(new URL('../../fixtures/results', import.meta.url));
const compose = `
services:
  tools: { image: ${image}, init: true, command: [sleep, infinity], working_dir: /home/dev/shop, volumes: ["${samples}:/samples:ro"] }
`;

interface Tool {
  readonly format: ResultFormat;
  /** Recorded by the same version, below test/fixtures/results: the same cases are to come, in any order. */
  readonly sample: string;
  /** Leaves its results in the file `out`. */
  readonly command: string;
  /** Ends the tool in the middle of its tests, and what is said then. `command` has such a test where the tool survives it. */
  readonly crash?: readonly [command: string, state: StageOutcome['state'], because: string];
}

const tools: readonly Tool[] = [
  {
    format: 'pytest',
    sample: 'pytest/v7.xml',
    command:
      'pytest -p no:cacheprovider --junit-xml=out --continue-on-collection-errors --ignore tests/test_exits.py tests',
    crash: ['pytest --junit-xml=out tests/test_exits.py', 'fail', 'exit code 3 before it wrote out'],
  },
  { format: 'go', sample: 'go/go1.19.ndjson', command: 'GOPROXY=off go test -json -timeout 2s ./... >out' },
  {
    format: 'cargo',
    sample: 'cargo/v1.65.txt',
    command: 'cargo test --offline --no-fail-fast -- --test-threads=1 >out 2>&1',
  },
  {
    format: 'gtest',
    sample: 'gtest/v1.12.xml',
    command: 'g++ -o cart cart.cpp -lgtest -lgtest_main && ./cart --gtest_output=xml:out',
    crash: [
      './cart --gtest_break_on_failure --gtest_output=xml:out',
      'fail',
      'exit code 133, SIGTRAP before it wrote out',
    ],
  },
  {
    format: 'catch2',
    sample: 'catch2/v2.xml',
    command: 'g++ -DCRASH -Iv2 -o cart cart.cpp /usr/local/lib/catch2-main.o && ./cart -r xml -o out',
  },
  {
    format: 'rspec',
    sample: 'rspec/cart.json',
    command: 'rspec --format json --out out spec/cart_spec.rb',
    crash: ['rspec --format json --out out exits_spec.rb', 'unknown', 'out cannot be read: it is empty'],
  },
];

const gym = bench();

// Half a minute where it has to be built.
beforeAll(() => serviceImages(image), 300_000);

test('run for real, each tool has the cases of its sample', { timeout: 180_000 }, async () => {
  const environment = await gym.mustUp(compose);
  for (const { format, sample, command, crash } of tools) {
    const host = hostContext(environment);
    const run = (line: string): Promise<StageOutcome> =>
      runStage(stageOf({ service: 'tools', command: line, results: { format, path: 'out' } }), host);
    const project = `/samples/${sample.split('/')[0]}/project`;
    const whole = await run(`rm -rf * && cp -r ${project}/. . && ${command}; code=$?; cp out whole; exit $code`);
    expect.soft(whole, format).toMatchObject({ state: 'fail' });
    expect.soft((whole.cases ?? []).map(caseLine).sort(), whole.because).toEqual(recordedCases(sample));
    const half = await run('head -c $(($(wc -c <whole) / 2)) whole >out');
    expect.soft(half, format).toMatchObject({ state: 'unknown', cases: null });
    if (crash === undefined) continue;
    const [line, state, because] = crash;
    expect.soft(await run(line), format).toMatchObject({ state, because: expect.stringContaining(because) });
  }
});
