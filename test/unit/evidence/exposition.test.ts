import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseExposition } from '../../../gym/evidence/exposition.ts';
import { exposedSamples } from '../../../gym/evidence/prometheus.ts';

function parsed(text: string) {
  const result = parseExposition(text);
  if (!result.ok) throw new Error(result.problems[0].message);
  return result.value;
}

function samples(text: string, units = {}) {
  const result = exposedSamples(parsed(text), { metrics: ['*'], units });
  if (!result.ok) throw new Error(result.problems[0].message);
  return result.value;
}

/** As https://prometheus.io/docs/instrumenting/exposition_formats/ has it. */
const documented = String.raw`# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\DIR\\FILE.TXT",error="Cannot find file:\n\"FILE.TXT\""} 1.458255915e9

# Minimalistic line:
metric_without_timestamp_and_labels 12.47

# A weird metric from before the epoch:
something_weird{problem="division by zero"} +Inf -3982045

# A histogram, which has a pretty complex representation in the text format:
# HELP http_request_duration_seconds A histogram of the request duration.
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.05"} 24054
http_request_duration_seconds_bucket{le="+Inf"} 144320
http_request_duration_seconds_sum 53423
http_request_duration_seconds_count 144320

# Finally a summary, which has a complex representation, too:
# TYPE rpc_duration_seconds summary
rpc_duration_seconds{quantile="0.01"} 3.102
rpc_duration_seconds{quantile="0.99"} NaN
rpc_duration_seconds_sum 1.7560473e+07
rpc_duration_seconds_count 2693
`;

describe("Prometheus' text format", () => {
  test('the documented example', () => {
    const of = (name: string) => samples(documented).filter(({ metric }) => metric === name);
    expect(of('http_requests_total')).toEqual([
      { metric: 'http_requests_total', labels: { method: 'post', code: '200' }, value: 1027n, unit: 'count' },
      { metric: 'http_requests_total', labels: { method: 'post', code: '400' }, value: 3n, unit: 'count' },
    ]);
    expect(of('msdos_file_access_time_seconds')).toEqual([
      {
        metric: 'msdos_file_access_time_seconds',
        labels: { path: 'C:\\DIR\\FILE.TXT', error: 'Cannot find file:\n"FILE.TXT"' },
        value: 1.458255915e12,
        unit: 'ms',
      },
    ]);
    expect(of('metric_without_timestamp_and_labels')).toMatchObject([{ value: 12.47, unit: 'ratio', labels: {} }]);
    expect(of('something_weird')).toMatchObject([{ value: Infinity, unit: 'ratio', atMs: -3982045 }]);
    expect(of('http_request_duration_seconds_bucket')).toMatchObject([
      { labels: { le: '0.05' }, value: 24054n, unit: 'count' },
      { labels: { le: '+Inf' }, value: 144320n, unit: 'count' },
    ]);
    expect(of('http_request_duration_seconds_sum')).toMatchObject([{ value: 53_423_000, unit: 'ms' }]);
    expect(of('rpc_duration_seconds')).toMatchObject([
      { labels: { quantile: '0.01' }, value: 3102, unit: 'ms' },
      { labels: { quantile: '0.99' }, value: Number.NaN, unit: 'ms' },
    ]);
    expect(of('rpc_duration_seconds_count')).toMatchObject([{ value: 2693n, unit: 'count' }]);
  });

  test('counters are what only grows: not quantiles, not gauges', () => {
    const counters = new Set(parsed(documented).flatMap(({ name, isCounter }) => (isCounter ? name : [])));
    expect([...counters].sort()).toEqual([
      'http_request_duration_seconds_bucket',
      'http_request_duration_seconds_count',
      'http_request_duration_seconds_sum',
      'http_requests_total',
      'rpc_duration_seconds_count',
      'rpc_duration_seconds_sum',
    ]);
  });

  test('a metric that is merely called so is no counter', () => {
    const text =
      '# TYPE queue_total gauge\nqueue_total 3\nbasket_count 2\n# TYPE wide_bytes_total counter\nwide_bytes_total 9\n';
    expect(parsed(text).map(({ isCounter }) => isCounter)).toEqual([false, false, true]);
    expect(samples(text, { queue_total: 'count' })).toMatchObject([
      { value: 3n, unit: 'count' },
      { value: 2, unit: 'ratio' },
      { value: 9n, unit: 'bytes' },
    ]);
  });

  test('OpenMetrics: a counter is typed without its suffix, exemplars are passed over, even behind a label with a #', () => {
    const text = `# TYPE foo counter
foo_total{path="/#a"} 17.0 # {trace_id="x"} 0.67 1520879607.789
# EOF
`;
    expect(samples(text)).toEqual([{ metric: 'foo_total', labels: { path: '/#a' }, value: 17n, unit: 'count' }]);
  });

  test('whole numbers are exact, however large', () => {
    expect(samples('# TYPE a counter\na 18446744073709551615\nb_bytes 9007199254740993\n')).toMatchObject([
      { value: 18446744073709551615n },
      { value: 9007199254740993n, unit: 'bytes' },
    ]);
  });

  test.each(['a', 'a one', 'a{b=1} 2', 'a{b="1} 2', '<html>', 'a{b="1"c="2"} 3', 'a 0x1g'])('%s is none', (line) => {
    const result = parseExposition(`ok 1\n${line}\n`);
    expect(result.ok ? '' : result.problems[0].message).toMatch(/^line 2 is not in Prometheus' text format: /);
  });

  test('a whole number is demanded of what the task calls a count', () => {
    const result = exposedSamples(parsed('load 1.5\n'), { metrics: ['*'], units: { load: 'count' } });
    expect(result.ok ? '' : result.problems[0].message).toBe('load is 1.5, and a count has to be a whole number');
  });

  test('any label comes back as it was written', () => {
    const written = (text: string): string =>
      text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
    const noBreak = fc.string({ unit: 'binary' }).filter((text) => !/[\r\u2028\u2029\u0085]/.test(text));
    fc.assert(
      fc.property(noBreak, fc.bigInt(), (value, number) => {
        const [sample] = parsed(`m{a="${written(value)}",b="x"} ${number}\n`);
        expect(sample).toMatchObject({ labels: { a: value, b: 'x' }, value: number });
      }),
    );
  });
});
