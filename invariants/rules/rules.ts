// The library of rules for `policy`, as `rules` of the public API. docs/rules.md lists them.
export * as compose from './compose.ts';
export * as keys from './keys.ts';
export * as kubernetes from './kubernetes.ts';
export * as packageJson from './package-json.ts';
export { noPersonalData, noSecrets } from './text.ts';
