import { z } from 'zod';
import { failed, ok, type Result } from '../../events/problem.ts';
import { clear, type FaultPlace, inject, type ListedFault, list } from '../../fault/inject.ts';
import { sweepFaults } from '../../fault/sweep.ts';
import { countText } from '../../judge/text.ts';
import { checkoutOf } from '../../store/store.ts';
import {
  type EnvironmentFault,
  environmentFault,
  type FaultEvidence,
  faultText,
} from '../../task/environment-fault.ts';
import { suggest } from '../../task/suggest.ts';
import type { Arguments } from '../command.ts';
import type { CommandEnd, Context } from '../context.ts';
import { chooseKept } from '../kept.ts';
import { sweptText } from '../leftovers.ts';
import { durationText, tableText } from '../render/style.ts';

type Kind = EnvironmentFault['kind'];

/** What a kind is written with: its words, and the options that it takes; those in brackets may be left out. */
const forms: Readonly<Record<Kind, { readonly words: string; readonly options: readonly string[] }>> = {
  kill: { words: 'SERVICE', options: [] },
  stop: { words: 'SERVICE', options: [] },
  pause: { words: 'SERVICE', options: [] },
  restart: { words: 'SERVICE', options: [] },
  partition: { words: 'SERVICE', options: ['[from]', '[network]'] },
  latency: { words: 'SERVICE:PORT', options: ['ms', '[from]'] },
  bandwidth: { words: 'SERVICE:PORT', options: ['bytes-per-second', '[from]'] },
  reset: { words: 'SERVICE:PORT', options: ['[after-bytes]', '[probability]', '[seed]', '[from]'] },
  count: { words: 'SERVICE:PORT', options: ['[from]'] },
  disk: { words: 'SERVICE PATH', options: [] },
  memory: { words: 'SERVICE', options: ['bytes'] },
  cpu: { words: 'SERVICE', options: ['cpus'] },
  clock: { words: 'SERVICE', options: ['offset-ms'] },
};
const kinds = Object.keys(forms);
const optionNames = [...new Set(Object.values(forms).flatMap(({ options }) => options.map(bare)))];
const actions = ['inject', 'clear', 'list'];
const header = ['FAULT', 'WHAT', 'SINCE', 'TRAFFIC'];

/** `gym fault`: disturbs the kept environment and takes that back. Exit code 1: a fault was injected and did not take effect. */
export async function run(context: Context, args: Arguments): Promise<CommandEnd> {
  const [action = '', ...words] = args.positionals;
  const fault = action === 'inject' ? readFault(words, args) : ok(undefined);
  if (!fault.ok) return fault.problems;
  if (!actions.includes(action)) return usage(`fault does not know ${action}`, meant(action, actions)).problems;
  const swept = await sweepFaults(context.env, checkoutOf(context.cwd));
  if (!swept.ok) return swept.problems;
  for (const id of swept.value) context.stderr.write(sweptText(id));
  const kept = await chooseKept(context, args.text('task'));
  if (!kept.ok) return kept.problems;
  const place = { ambient: context.env, project: kept.value.project };
  if (fault.value !== undefined) return injectOne(context, args, place, fault.value);
  return action === 'list' ? showAll(context, args, place) : clearSome(context, place, words);
}

async function injectOne(
  { stdout, stderr, signal }: Context,
  args: Arguments,
  place: FaultPlace,
  wanted: EnvironmentFault,
): Promise<CommandEnd> {
  const injected = await inject(place, wanted, { held: 'kept', signal });
  if (!injected.ok) return injected.problems;
  const { id, fault, activated, evidence } = injected.value;
  if (signal.aborted) {
    stderr.write(`interrupted: ${id} was undone\n`);
    return 1;
  }
  if (args.text('json') !== undefined) {
    stdout.write(`${JSON.stringify({ id, fault, activated, evidence }, null, 2)}\n`);
  } else {
    const lines = [`${id}: ${faultText(fault)}`, `activated: ${activated ? 'yes' : 'no; it was undone'}`];
    stdout.write(`${[...lines, ...evidence.map((each) => `  ${evidenceText(each)}`)].join('\n')}\n`);
  }
  return activated ? 0 : 1;
}

function evidenceText({ what, before, after }: FaultEvidence): string {
  return `${what}: ${before} -> ${after}`;
}

async function clearSome({ stderr }: Context, place: FaultPlace, ids: readonly string[]): Promise<CommandEnd> {
  const cleared = await clear(place, ids.length === 0 ? undefined : ids);
  if (!cleared.ok) return cleared.problems;
  const text = cleared.value.length === 0 ? 'there is nothing to clear' : cleared.value.join('\n');
  stderr.write(`${text}\n`);
  return 0;
}

async function showAll({ stdout, stderr }: Context, args: Arguments, place: FaultPlace): Promise<CommandEnd> {
  const listed = await list(place);
  if (!listed.ok) return listed.problems;
  if (args.text('json') !== undefined) stdout.write(`${JSON.stringify(listed.value, null, 2)}\n`);
  else if (listed.value.length === 0) stderr.write('there are no faults\n');
  else stdout.write(`${tableText([header, ...listed.value.map(row)])}\n`);
  return 0;
}

function row({ id, fault, at, evidence, restarted, traffic }: ListedFault): string[] {
  const unfinished = evidence === null ? ' (being injected)' : '';
  const lost = restarted.length === 0 ? '' : ` (ended: ${restarted.join(', ')} was started anew)`;
  const through =
    traffic === null
      ? '-'
      : `${countText(traffic.connections, 'connection')}, ${traffic.resets} reset, ${traffic.toTargetBytes} bytes there, ${traffic.toClientBytes} back`;
  return [id, `${faultText(fault)}${unfinished}${lost}`, durationText(Date.now() - at), through];
}

/** The fault that is written after `gym fault inject`. */
export function readFault(words: readonly string[], args: Arguments): Result<EnvironmentFault> {
  const [word = '', target = '', path = '', extra] = words;
  const kind = environmentFault.options.map((option) => option.shape.kind.value).find((each) => each === word);
  if (kind === undefined)
    return usage(word === '' ? 'which fault?' : `there is no fault of the kind ${word}`, meant(word, kinds));
  const form = forms[kind];
  const text = `gym fault inject ${kind} ${form.words}${form.options.map((name) => optionText(name)).join('')}`;
  const needed = form.words.split(' ').length;
  if (target === '' || (needed === 2 && path === '')) return usage(`${kind} needs more: ${text}`);
  const surplus = needed === 2 ? extra : words[2];
  if (surplus !== undefined) return usage(`${kind} does not take ${surplus}: ${text}`);
  const taken = form.options.map(bare);
  const foreign = optionNames.find((name) => !taken.includes(name) && args.text(name) !== undefined);
  if (foreign !== undefined) return usage(`${kind} does not take --${foreign}: ${text}`);
  const missing = form.options.find((name) => !name.startsWith('[') && args.text(name) === undefined);
  if (missing !== undefined) return usage(`${kind} needs --${missing}: ${text}`);
  const [, service = target, port] = /^(.*):(\d+)$/.exec(target) ?? [];
  const isTraffic = form.words === 'SERVICE:PORT';
  if (isTraffic && port === undefined) return usage(`${kind} needs a port: ${text}`);
  const place = isTraffic ? { to: service, port: Number(port), from: args.text('from') } : { service: target };
  const details = detailsOf(kind, args, path);
  if (!details.ok) return details;
  const parsed = environmentFault.safeParse({ kind, ...place, ...details.value });
  return parsed.success ? ok(parsed.data) : usage(`${z.prettifyError(parsed.error).replace(/^✖ /, '')}: ${text}`);
}

function detailsOf(kind: Kind, args: Arguments, path: string): Result<Record<string, unknown>> {
  const [from, network] = [args.text('from'), args.text('network')];
  const [afterBytes, probability] = [args.number('after-bytes'), args.number('probability')];
  switch (kind) {
    case 'partition':
      if (from !== undefined && network !== undefined) return usage('partition takes --from or --network, not both');
      if (from !== undefined) return ok({ from: { kind: 'service', service: from } });
      return ok(network === undefined ? {} : { from: { kind: 'network', network } });
    case 'latency':
      return ok({ latencyMs: args.number('ms') });
    case 'bandwidth':
      return ok({ bytesPerSecond: args.number('bytes-per-second') });
    case 'reset':
      if ((afterBytes === undefined) === (probability === undefined))
        return usage('reset takes --after-bytes or --probability, and one of them');
      if (afterBytes !== undefined && args.text('seed') !== undefined)
        return usage('reset takes --seed with --probability only');
      return ok({ when: afterBytes === undefined ? { probability, seed: args.number('seed') ?? 1 } : { afterBytes } });
    case 'disk':
      return ok({ path });
    case 'memory':
      return ok({ limitBytes: args.number('bytes') });
    case 'cpu':
      return ok({ cpus: args.number('cpus') });
    case 'clock':
      return ok({ offsetMs: args.number('offset-ms') });
    default:
      return ok({});
  }
}

function bare(name: string): string {
  return name.replace(/^\[|\]$/g, '');
}

function optionText(name: string): string {
  const value = bare(name) === 'from' ? 'SERVICE' : bare(name) === 'network' ? 'NETWORK' : 'N';
  return name.startsWith('[') ? ` [--${bare(name)} ${value}]` : ` --${name} ${value}`;
}

function meant(word: string, words: readonly string[]): string {
  const near = suggest(word, words);
  return near === undefined ? `One of: ${words.join(', ')}.` : `Did you mean ${near}?`;
}

function usage(message: string, remedy = 'See gym fault --help.') {
  return failed({ kind: 'usage', message, remedy });
}
