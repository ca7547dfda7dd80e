import {
  agree,
  always,
  defineTask,
  json,
  load,
  log,
  policy,
  postgres,
  type Rule,
  ratio,
  recovery,
  redis,
  rel,
  rules,
  series,
  slo,
  sometimes,
  sum,
  unique,
} from 'devgym';
import { known, people, pools, probes, reportSchema } from './report.ts';
import {
  cached,
  cacheSchema,
  clickRow,
  clickSamples,
  connectionRow,
  connectionSamples,
  countRow,
  likeSamples,
} from './stored.ts';

const report = { stage: 'site', path: '/results/site.json', schema: reportSchema };
const pytest = (suite: string, files: string) => ({
  name: suite,
  service: 'driver',
  command: `mkdir -p /results && python3 -m pytest -q -p no:cacheprovider --junitxml=/results/${suite}.xml ${files}`,
  results: { format: 'junit' as const, path: `/results/${suite}.xml` },
  timeoutSeconds: 120,
});
/** Services that see who somebody is. */
const services = ['front', 'web', 'recommender', 'migrate', 'db'];
/** The last names of db/data.py: nothing else is called so. */
const noNameOfAPerson: Rule = ({ value }) =>
  /Quillfeather|Marrowby|Thistledown|Oxenbrook|Pennywhistle|Larkspurn/.test(String(value))
    ? [{ message: 'holds the name of a person' }]
    : [];
/** People of whom harness/test_site.py looks whether the cache has what follows from the database. */
const fans = Array.from({ length: 30 }, (_, index) => 61 + index);
const database = { stage: 'site', service: 'db', user: 'site', password: 'site', database: 'site' };
const visitors = Array.from({ length: 45 }, (_, index) => 1 + index * 5);

export default defineTask({
  name: 'recommender',
  instruction: 'TASK.md',
  compose: 'compose.yaml',
  stages: [
    { ...pytest('unit', 'tests/unit'), env: { PYTHONPATH: '/app/src' } },
    pytest('smoke', 'harness/test_smoke.py'),
    pytest('site', '-x harness/test_site.py'),
  ],
  measurements: {
    people: json({ ...report, samples: people }),
    probes: json({ ...report, samples: probes }),
    pools: json({ ...report, samples: pools }),
    load: load({
      stage: 'smoke',
      plan: {
        target: {
          protocol: 'http',
          origin: 'http://front',
          requests: visitors.map((user) => ({ name: `page ${user}`, path: `/u/${user}`, status: 200 })),
        },
        phases: [{ seconds: 7, perSecond: 50 }],
        warmUpSeconds: 1,
        arrivals: 'poisson',
        timeoutMs: 2000,
        // Half of what `fast` allows: on a busy machine the generator is late itself at times, and all of that counts.
        lateAfterMs: 250,
      },
    }),
  },
  witnesses: {
    known: json({ ...report, samples: known }),
    cache: redis({
      stage: 'site',
      service: 'cache',
      commands: { lists: ['MGET', ...fans.map((user) => `suggestions:${user}`)], stats: ['INFO', 'stats'] },
      schema: cacheSchema,
      samples: cached(fans),
    }),
    clicks: postgres({
      ...database,
      query: 'SELECT user_id, item_id FROM clicks',
      schema: clickRow,
      samples: clickSamples,
    }),
    likes: postgres({ ...database, query: 'SELECT count(*) AS n FROM likes', schema: countRow, samples: likeSamples }),
    // Of the services, and when nobody asks for anything.
    connections: postgres({
      ...database,
      query: `SELECT state, count(*) AS n FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND application_name <> 'gym' GROUP BY state`,
      schema: connectionRow,
      samples: connectionSamples,
    }),
  },
  risks: {
    'user-experience': 'people see suggestions that are wrong, outdated, or none',
    'user-data': 'what people did gets lost, or who they are gets known',
    'other-parts': 'trouble with suggestions spreads to parts of the site that need none',
    overload: 'more people come than the system can serve',
    'slow-answers': 'pages take so long that people leave',
    cost: 'each page costs more than it has to',
    maintainability: 'the code gets so that nobody dares to change it',
  },
  invariants: [
    slo({
      name: 'fast',
      claim: 'with many people on the site, 95 % of the pages are there in half a second',
      latencies: series('load.latency_ms'),
      quantile: 0.95,
      atMost: 500,
      risk: ['slow-answers', 'overload'],
    }),
    slo({
      name: 'few-errors',
      claim: 'with many people on the site, at most 2 % of the pages fail',
      errors: sum('load.errors'),
      total: sum('load.arrivals'),
      atMost: 0.02,
      risk: ['user-experience', 'overload'],
    }),
    always({
      name: 'page-answers',
      claim: 'with the recommender slow or dead, every page answers',
      series: series('probes.status', { where: { request: 'page' } }),
      atLeast: 200,
      atMost: 299,
      risk: ['user-experience', 'slow-answers'],
    }),
    sometimes({
      name: 'fallback-is-used',
      claim: 'with the recommender slow, and with it dead, some pages show what is popular, and say so',
      series: series('probes.fallback', { where: { request: 'page', phase: ['slow', 'dead'] }, by: ['phase'] }),
      atLeast: 1,
      risk: ['user-experience'],
    }),
    recovery({
      name: 'suggestions-come-back',
      claim: 'two seconds after the recommender is well again, nobody gets the fallback any more',
      disturbance: series('probes.mended'),
      signal: series('probes.fallback', { where: { request: 'page', phase: 'mended' } }),
      atMost: 0,
      withinMs: 2000,
      risk: ['user-experience'],
    }),
    always({
      name: 'other-parts-answer',
      claim: 'pages without suggestions answer within 1.5 seconds, whatever the recommender does',
      series: series('probes.latency_ms', { where: { request: 'item' } }),
      atMost: 1500,
      risk: ['other-parts'],
    }),
    log({
      name: 'flag-is-on',
      claim: 'web says in its log that personal suggestions are on',
      services: ['web'],
      line: { fields: { msg: 'flag', flag: 'personal', on: true } },
      expect: 'present',
      risk: ['user-experience'],
    }),
    ratio({
      name: 'flag-is-honest',
      claim: 'as the flag is on, everybody gets personal suggestions',
      numerator: sum('people.personal'),
      denominator: sum('people.pages'),
      near: 1,
      risk: ['user-experience'],
    }),
    ratio({
      name: 'click-through',
      claim: 'people click on what they are shown about as often as with the version that is known to be good',
      numerator: sum('people.clicks'),
      denominator: sum('people.shown'),
      near: 0.452,
      tolerance: rel(0.15),
      risk: ['user-experience'],
    }),
    unique({
      name: 'clicks-counted-once',
      claim: 'each click is in the database, once',
      series: series('clicks.click', { by: ['user', 'item'] }),
      expected: series('people.click', { by: ['user', 'item'] }),
      risk: ['user-data'],
    }),
    agree({
      name: 'likes-kept',
      claim: 'each like is in the database, once',
      observed: sum('likes.likes'),
      witnesses: { known: sum('known.likes') },
      risk: ['user-data'],
    }),
    agree({
      name: 'cache-as-database',
      claim: 'what is cached for a person is what follows from the database, place by place',
      observed: sum('cache.place', { by: ['user', 'item'] }),
      witnesses: { known: sum('known.place', { by: ['user', 'item'] }) },
      risk: ['user-experience'],
    }),
    ratio({
      name: 'cache-pays',
      claim: 'at least half of the suggestions come from the cache',
      numerator: sum('cache.hits'),
      denominator: sum('cache.asked'),
      atLeast: 0.5,
      atMost: 1,
      risk: ['cost', 'overload'],
    }),
    agree({
      name: 'pool-not-exhausted',
      claim: 'whoever needed a connection to the database got one',
      observed: sum('pools.got', { by: ['service'] }),
      witnesses: { asked: sum('pools.asked', { by: ['service'] }) },
      risk: ['overload'],
    }),
    agree({
      name: 'connections-given-back',
      claim: 'when nobody asks for anything, no connection to the database is in the middle of something',
      observed: sum('connections.connections', { where: { state: 'idle' } }),
      witnesses: { all: sum('connections.connections') },
      risk: ['overload'],
    }),
    policy({
      name: 'no-personal-data-in-logs',
      claim: 'no name, no e-mail address and no secret is in any log',
      services,
      rules: [rules.noPersonalData(), rules.noSecrets(), noNameOfAPerson],
      risk: ['user-data'],
    }),
  ],
  protected: [
    'task.ts',
    'report.ts',
    'stored.ts',
    'compose.yaml',
    'nginx.conf',
    'Dockerfile',
    '.dockerignore',
    'TASK.md',
    'db/**',
    'harness/**',
    'tests/**',
  ],
  limits: { upSeconds: 180, attempts: 8, minutes: 45 },
});
