import { standardOutput } from '../../harness/stage-file.ts';
import { copied, type FoundStage, type Harness, type Repo, resultsFile, versionIn } from './harness.ts';

/** Each of these is asked for a harness; what is not in the repo gives none. */
export const otherHarnesses: readonly ((repo: Repo) => Harness | undefined)[] = [go, rust, ruby, dotnet, jvm];

const unit = (command: string, results?: FoundStage['results']): FoundStage => ({
  ...{ name: 'unit', command },
  ...(results !== undefined && { results }),
});

function go(repo: Repo): Harness | undefined {
  if (!repo.has('go.mod')) return undefined;
  const version = versionIn(/^go (.*)$/m.exec(repo.text('go.mod'))?.[1] ?? '', 2) ?? '1';
  return {
    language: 'go',
    seen: 'go.mod',
    dockerfile: [
      `FROM golang:${version}-bookworm`,
      'WORKDIR /workspace',
      ...copied(repo, ['go.mod', 'go.sum']),
      'RUN go mod download',
    ],
    stages: [
      { name: 'build', command: 'go build ./...' },
      unit('go test -json ./...', { format: 'go', path: standardOutput }),
    ],
  };
}

function rust(repo: Repo): Harness | undefined {
  if (!repo.has('Cargo.toml')) return undefined;
  return {
    language: 'rust',
    seen: 'Cargo.toml',
    dockerfile: ['FROM rust:1-bookworm', 'WORKDIR /workspace'],
    stages: [
      { name: 'build', command: 'cargo build --all-targets' },
      unit('cargo test --no-fail-fast 2>&1', { format: 'cargo', path: standardOutput }),
    ],
  };
}

const rspec = `bundle exec rspec --format progress --format json --out ${resultsFile('json')}`;

function ruby(repo: Repo): Harness | undefined {
  if (!repo.has('Gemfile')) return undefined;
  const isRspec = repo.has('.rspec') || /\brspec\b/.test(repo.text('Gemfile'));
  const version = versionIn(repo.text('.ruby-version'), 2) ?? '3.4';
  return {
    language: 'ruby',
    seen: `Gemfile (${isRspec ? 'rspec' : 'rake'})`,
    dockerfile: [
      `FROM ruby:${version}-bookworm`,
      'WORKDIR /workspace',
      ...copied(repo, ['Gemfile', 'Gemfile.lock', '.ruby-version']),
      'RUN bundle install',
    ],
    stages: [isRspec ? unit(rspec, { format: 'rspec', path: resultsFile('json') }) : unit('bundle exec rake test')],
  };
}

function dotnet(repo: Repo): Harness | undefined {
  const project = repo.names.find((name) => /\.(?:sln|slnx|csproj|fsproj)$/.test(name));
  if (project === undefined) return undefined;
  const version = versionIn(/<TargetFramework>net([\d.]+)/.exec(repo.text(project))?.[1] ?? '', 2) ?? '9.0';
  return {
    language: 'dotnet',
    seen: project,
    dockerfile: [`FROM mcr.microsoft.com/dotnet/sdk:${version}`, 'WORKDIR /workspace'],
    stages: [{ name: 'build', command: 'dotnet build' }, unit('dotnet test')],
  };
}

function jvm(repo: Repo): Harness | undefined {
  const gradle = ['build.gradle', 'build.gradle.kts'].find((name) => repo.has(name));
  if (repo.has('pom.xml')) {
    const maven = repo.has('mvnw') ? './mvnw' : 'mvn';
    return {
      language: 'java',
      seen: 'pom.xml',
      dockerfile: ['FROM maven:3-eclipse-temurin-21', 'WORKDIR /workspace'],
      stages: [
        repo.text('pom.xml').includes('<modules>')
          ? unit(`${maven} -B test`)
          : reported(`${maven} -B clean test`, 'target/surefire-reports'),
      ],
    };
  }
  if (gradle === undefined) return undefined;
  const program = repo.has('gradlew') ? './gradlew' : 'gradle';
  const settings = repo.text('settings.gradle') + repo.text('settings.gradle.kts');
  return {
    language: 'java',
    seen: gradle,
    dockerfile: ['FROM gradle:8-jdk21', 'WORKDIR /workspace'],
    stages: [
      /^\s*include\b/m.test(settings)
        ? unit(`${program} test`)
        : reported(`${program} cleanTest test`, 'build/test-results/test'),
    ],
  };
}

/** These tools write a file for each class: `command`, which removes those that are there first, then all of them as the one file of results. */
function reported(command: string, folder: string): FoundStage {
  const path = resultsFile('xml');
  const joined = `{ echo '<testsuites>'; sed 's/<?xml[^>]*>//' "$@"; echo '</testsuites>'; } >${path}`;
  const all = `code=$?; set -- ${folder}/TEST-*.xml; [ ! -e "$1" ] || ${joined}; exit $code`;
  return unit(`${command}; ${all}`, { format: 'junit', path });
}

/** A Makefile with a target for tests: where nothing else tells how. */
export function makeHarness(repo: Repo): Harness | undefined {
  const file = ['Makefile', 'makefile', 'GNUmakefile'].find((name) => repo.has(name));
  if (file === undefined) return undefined;
  const target = ['test', 'tests', 'check'].find((name) => new RegExp(`^${name}\\s*:(?!=)`, 'm').test(repo.text(file)));
  if (target === undefined) return undefined;
  return {
    language: 'make',
    seen: `${file} (target ${target})`,
    dockerfile: ['FROM buildpack-deps:bookworm', 'WORKDIR /workspace'],
    stages: [unit(`make ${target}`)],
  };
}
