// Rules over package.json. Other files of the source are passed over; a lockfile among them is what `agreesWithLockfile` compares with.
import { isDeepStrictEqual } from 'node:util';
import type { Document } from '../../gym/task/measurement.ts';
import { entriesOf, type Fields, isFields, type Rule, rule, shown, unless, type Violation, valueAt } from './rule.ts';

function ofPackages(
  name: string,
  check: (fields: Fields, document: Document, others: readonly Document[]) => readonly Violation[] | null,
): Rule {
  return rule(`packageJson.${name}`, (document, others) => {
    const { value, place } = document;
    if (place.file !== undefined && fileName(place.file) !== 'package.json') return null;
    return isFields(value) ? check(value, document, others) : [{ message: 'is no map' }];
  });
}

const fileName = (file: string): string => file.slice(file.lastIndexOf('/') + 1);
const folder = (file: string): string => file.slice(0, file.lastIndexOf('/') + 1);

/** Lists whose packages are installed; peers are what others bring. */
const installed = ['dependencies', 'devDependencies', 'optionalDependencies'];

/** A rule over each wanted version: what is wrong with it, or null. A package without dependencies has nothing to judge. */
function ofVersions(name: string, wrong: (version: string) => string | null): Rule {
  return ofPackages(name, (fields) => {
    const lists = installed.filter((list) => fields[list] !== undefined);
    if (lists.length === 0) return null;
    return lists.flatMap((list) => {
      if (!isFields(fields[list])) return [{ message: 'is no map', path: [list] }];
      return entriesOf(fields[list]).flatMap(([dependency, version]) => {
        const message = typeof version === 'string' ? wrong(withoutAlias(version)) : 'is no text';
        return message === null ? [] : [{ message, path: [list, dependency] }];
      });
    });
  });
}

/** `npm:other@1.2.3` wants 1.2.3 of another package. */
function withoutAlias(version: string): string {
  const trimmed = version.slice(0, 1000).trim();
  return trimmed.startsWith('npm:') ? trimmed.slice(Math.max(trimmed.lastIndexOf('@'), 4) + 1) : trimmed;
}

/** Nothing runs when the package is installed: no `preinstall`, `install` or `postinstall`. */
export const noInstallScripts: Rule = ofPackages('noInstallScripts', ({ scripts }) => {
  if (scripts !== undefined && !isFields(scripts)) return [{ message: 'is no map', path: ['scripts'] }];
  return ['preinstall', 'install', 'postinstall'].flatMap((name) =>
    unless(valueAt(scripts, name) === undefined, 'runs when the package is installed', ['scripts', name]),
  );
});

/** SemVer 2.0.0, one version and no range. */
const exact = /^=?v?\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;
/** What is in the repository itself. */
const isLocal = (version: string): boolean => /^(workspace|file|link|portal|catalog):/.test(version);

/** Each dependency is one version, not a range (`^1.2.3`). What is in the repository itself may be anything. */
export const exactVersions: Rule = ofVersions('exactVersions', (version) =>
  exact.test(version) || isLocal(version) ? null : `is no exact version (${shown(version)})`,
);

/** No dependency may become any version that is ever published: `*`, `latest` and other tags, `>=1`. */
export const noWildcardVersions: Rule = ofVersions('noWildcardVersions', (version) => {
  const isTag = /^[a-z][\w-]*$/i.test(version);
  const isOpen = /^(>=?)/.test(version) && !version.includes('<') && !version.includes(' - ');
  return isTag || isOpen || /^[*x]?$/i.test(version) || /^[*x]\./i.test(version)
    ? `may be any version (${version === '' ? 'nothing' : shown(version)})`
    : null;
});

/** Each dependency comes from the registry, or is in the repository: no Git repository, no archive by URL. */
export const noRemoteDependencies: Rule = ofVersions('noRemoteDependencies', (version) => {
  const isRemote =
    /^(git|git\+\w+|https?|ssh|github|gitlab|bitbucket|gist):/.test(version) ||
    /^git@/.test(version) ||
    /^[\w.-]+\/[\w.-]+(#.*)?$/.test(version);
  // A URL may hold a password.
  return isRemote ? 'does not come from the registry' : null;
});

/** `engines.node` says which Node it needs. */
export const hasEngines: Rule = ofPackages('hasEngines', (fields) => {
  const node = valueAt(fields, 'engines', 'node');
  return unless(typeof node === 'string' && node.trim() !== '', 'is missing', ['engines', 'node']);
});

/** package-lock.json, beside it and in the same source, wants the same versions: the lockfile is not of another state. */
export const agreesWithLockfile: Rule = ofPackages('agreesWithLockfile', (fields, { place }, others) => {
  const file = `${folder(place.file ?? '')}package-lock.json`;
  const lock = others.find((other) => other.place.file === file);
  if (lock === undefined) return [{ message: `has no ${file} among the documents` }];
  const root = valueAt(lock.value, 'packages', '');
  if (!isFields(root)) return [{ message: `cannot be compared: ${file} has no packages (lockfileVersion 2 or 3)` }];
  return [...installed, 'peerDependencies'].flatMap((list) => {
    const [own, locked] = [fields[list] ?? {}, root[list] ?? {}];
    const names = new Set([...entriesOf(own), ...entriesOf(locked)].map(([name]) => name));
    return [...names].flatMap((name) => {
      const [wanted, has] = [valueAt(own, name), valueAt(locked, name)];
      return unless(isDeepStrictEqual(wanted, has), `is ${versionText(wanted)}, in ${file} ${versionText(has)}`, [
        list,
        name,
      ]);
    });
  });
});

const versionText = (version: unknown): string => (version === undefined ? 'missing' : shown(version));
