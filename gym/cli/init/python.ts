import { parse, TomlError } from 'smol-toml';
import { z } from 'zod';
import type { Problem } from '../../events/problem.ts';
import { brokenManifest, copied, type Harness, type Repo, resultsFile, versionIn } from './harness.ts';

const groups = z.record(z.string(), z.array(z.unknown())).default({}).catch({});
const pyprojectSchema = z.object({
  project: z
    .object({
      name: z.string().optional().catch(undefined),
      'requires-python': z.string().default('').catch(''),
      'optional-dependencies': groups,
    })
    .optional()
    .catch(undefined),
  'dependency-groups': groups,
});

const defaultPython = '3.13';
/** Names by which projects call what their tests need. */
const testGroups = ['test', 'tests', 'testing', 'dev'];
const requirementFiles = [
  'requirements.txt',
  'requirements-dev.txt',
  'requirements-test.txt',
  'dev-requirements.txt',
  'test-requirements.txt',
];

const manifest = 'pyproject.toml';

/** Why a `pyproject.toml` that is there cannot be read. */
export function pyprojectProblem(repo: Repo): Problem | undefined {
  try {
    parse(repo.text(manifest));
    return undefined;
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The lines after the first quote the file.
    return brokenManifest(
      manifest,
      error.line,
      error.message.split('\n')[0]?.replace(/^.*?: /, 'not valid TOML: ') ?? '',
    );
  }
}

/** What a `pyproject.toml` says; one that is not there says nothing. */
export function pyprojectOf(repo: Repo): z.output<typeof pyprojectSchema> {
  return pyprojectSchema.parse(parse(repo.text(manifest)));
}

/**
 * The harness of a Python repo: pytest, which runs unittest's tests too and counts them; before Python 3.12, unittest ends well without having found any. Only where a
 * lock tells what is installed, and nothing tells of pytest, it is unittest.
 */
export function pythonHarness(repo: Repo): Harness | undefined {
  const markers = [manifest, 'setup.py', 'setup.cfg', 'pytest.ini', 'tox.ini', 'Pipfile', ...requirementFiles];
  const there = markers.filter((name) => repo.has(name));
  if (there.length === 0) return undefined;
  const pyproject = pyprojectOf(repo);
  const { run, install, tool } = installOf(repo, pyproject);
  const isNamed =
    repo.has('pytest.ini') || repo.has('conftest.py') || there.some((name) => /\bpytest\b/.test(repo.text(name)));
  const isPytest = isNamed || tool === 'pip';
  const results = { format: 'pytest' as const, path: resultsFile('xml') };
  const unit = isPytest
    ? { name: 'unit', command: `${run}python -m pytest --junitxml=${results.path}`, results }
    : { name: 'unit', command: `${run}python -m unittest discover` };
  const asked = repo.text('.python-version') || (pyproject.project?.['requires-python'] ?? '');
  const [major, minor] = (versionIn(asked, 2) ?? '').split('.');
  const version = minor === undefined ? defaultPython : `${major}.${minor}`;
  return {
    language: 'python',
    seen: `${there[0]} (${[tool, isPytest ? 'pytest' : 'unittest'].join(', ')})`,
    dockerfile: [`FROM python:${version}-slim-bookworm`, 'WORKDIR /workspace', ...install],
    stages: [unit],
  };
}

interface Installing {
  readonly tool: string;
  /** What stands before a command, so that it sees what was installed. */
  readonly run: string;
  readonly install: readonly string[];
}

function installOf(
  repo: Repo,
  { project, 'dependency-groups': dependencyGroups }: ReturnType<typeof pyprojectOf>,
): Installing {
  const whole = ['COPY . .'];
  if (repo.has('uv.lock'))
    return { tool: 'uv', run: 'uv run ', install: ['RUN pip install uv', ...whole, 'RUN uv sync --locked'] };
  if (repo.has('poetry.lock'))
    return {
      tool: 'poetry',
      run: 'poetry run ',
      install: ['RUN pip install poetry', ...whole, 'RUN poetry install'],
    };
  const extras = testGroups.filter((name) => name in (project?.['optional-dependencies'] ?? {}));
  const listed = testGroups.filter((name) => name in dependencyGroups);
  const requirements = requirementFiles.filter((name) => repo.has(name));
  const isPackage = project !== undefined || repo.has('setup.py');
  return {
    tool: 'pip',
    run: '',
    install: [
      ...copied(repo, requirements),
      ...(requirements.length === 0 ? [] : [`RUN pip install ${requirements.map((name) => `-r ${name}`).join(' ')}`]),
      'RUN pip install pytest',
      ...(isPackage ? [...whole, `RUN pip install -e '.${extras.length === 0 ? '' : `[${extras.join(',')}]`}'`] : []),
      ...listed.map((name) => `RUN pip install --group ${name}`),
    ],
  };
}
