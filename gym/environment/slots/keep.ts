import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { ok, type Result } from '../../events/problem.ts';
import { thisOwner } from '../../store/owner.ts';
import { forgetSlots, readSlots, type SlotsNote, writeSlots } from '../../store/slots.ts';
import { openStore } from '../../store/store.ts';
import { loadCompose } from '../compose/load.ts';
import type { ComposeModel, ServiceModel } from '../compose/model.ts';
import { connectFurther, networkOptions } from '../container.ts';
import { findLabelled, removeAll } from '../down.ts';
import { connectEngine, type Engine } from '../engine.ts';
import type { UpRequest } from '../environment.ts';
import { helperImage } from '../helper.ts';
import { obtainImage } from '../image/pull.ts';
import { label } from '../labels.ts';
import { makeNetworks, type NetworkNames, networkNames } from '../networks.ts';
import { isClaimable } from './claim.ts';
import { planSlots, type SlotPlan } from './plan.ts';

/** For whom slots are kept. `refill`: only where they are still wanted, as a note says. */
export interface KeepRequest
  extends Pick<UpRequest, 'composeFiles' | 'task' | 'checkout' | 'variables' | 'ambient' | 'signal'> {
  readonly refill: boolean;
}

/** `unwanted`: they were taken down. `impossible`: no service can have one. `unsupported`: on Podman, none of any environment can. */
export type Kept = 'made' | 'there' | 'unwanted' | 'impossible' | 'unsupported';

/** How long slots wait for an environment that takes them. */
export const slotsLifeMs = 60 * 60_000;

/**
 * Sees to it that slots wait for the next environment of a task:
 *
 *     nothing ──made and noted──► free ──claimed──► of an environment ──down──► removed with it
 *                                  └──taken down, replaced, not claimed in an hour──► nobody's: swept
 *
 * What is half made, or not noted any more, is its maker's as long as that lives, and then swept. After a failure nothing new is left.
 */
export async function keepSlots(request: KeepRequest): Promise<Result<Kept>> {
  const { task, checkout, ambient } = request;
  const before = readSlots(checkout, task);
  if (request.refill && before === undefined) return ok('unwanted');
  const model = loadCompose(request.composeFiles, request.variables, ambient);
  if (!model.ok) return model;
  const engine = await connectEngine(ambient);
  if (!engine.ok) return engine;
  // What is noted may be another engine's.
  if (engine.value.isPodman) return ok('unsupported');
  const plan = planSlots(model.value);
  if (plan === undefined) {
    forgetSlots(checkout, task);
    return ok('impossible');
  }
  const until = Date.now() + slotsLifeMs;
  if (before?.key === plan.key && (await isClaimable(engine.value, before))) {
    writeSlots(checkout, task, { ...before, until });
    return ok('there');
  }
  // What is half made is told from another machine's by the store: it has to be there before.
  openStore(checkout).make();
  const set = `gym-slots-${task}-${randomBytes(4).toString('hex')}`;
  const made = await makeSet({ engine: engine.value, request, model: model.value, plan, set });
  // It may have been taken down, or been replaced by another refill, or the checkout be gone, which a note would make anew.
  const isStillNoted = !request.refill || readSlots(checkout, task)?.set === before?.set;
  const isWanted = !request.signal.aborted && existsSync(checkout) && isStillNoted;
  if (!made.ok || !isWanted) {
    const removed = await removeSet(engine.value, set);
    if (!made.ok) return made;
    return removed.ok ? ok('unwanted') : removed;
  }
  writeSlots(checkout, task, { ...made.value, key: plan.key, until });
  const removed = before === undefined ? ok(undefined) : await removeSet(engine.value, before.set);
  if (readSlots(checkout, task)?.set === set) return removed.ok ? ok('made') : removed;
  // Who took them down meanwhile has left them to this process, as it is their maker and lives.
  const left = await removeSet(engine.value, set);
  if (!removed.ok) return removed;
  return left.ok ? ok('unwanted') : left;
}

/** A set that no environment has. */
async function removeSet(engine: Engine, set: string): Promise<Result<void>> {
  const found = await findLabelled(engine, [`${label.project}=${set}`], () => true);
  return found.ok ? removeAll(engine, found.value) : found;
}

interface Making {
  readonly engine: Engine;
  readonly request: KeepRequest;
  readonly model: ComposeModel;
  readonly plan: SlotPlan;
  readonly set: string;
}

async function makeSet({
  engine,
  request,
  model,
  plan,
  set,
}: Making): Promise<Result<Omit<SlotsNote, 'key' | 'until'>>> {
  const { task, checkout, signal } = request;
  // No lease: their note holds them, then the environment that claims them.
  const labels = {
    [label.project]: set,
    [label.slots]: set,
    [label.task]: task,
    [label.checkout]: checkout,
    [label.owner]: thisOwner(),
  };
  const work = { engine, emit: () => undefined, signal, task };
  const [image, networks] = await Promise.all([
    obtainImage(work, helperImage, {}, { policy: 'missing', platform: null }),
    makeNetworks({ engine, model: { ...model, networks: plan.networks }, project: set, labels }),
  ]);
  if (!image.ok) return image;
  if (!networks.ok) return networks;
  const names = networkNames({ ...model, networks: plan.networks }, set);
  const made = await Promise.all(
    plan.services.map(async (service) => ({
      service,
      started: await startSlot(engine, service, { project: set, networks: names }, labels),
    })),
  );
  const containers: Record<string, string> = {};
  for (const { service, started } of made) {
    if (!started.ok) return started;
    containers[service.name] = started.value;
  }
  return ok({ set, networks: Object.fromEntries(names), containers });
}

/** A container that does nothing but be where the service is to be; its id. */
async function startSlot(
  engine: Engine,
  service: ServiceModel,
  place: { readonly project: string; readonly networks: NetworkNames },
  labels: Readonly<Record<string, string>>,
): Promise<Result<string>> {
  const { HostConfig: host, ...network } = networkOptions(service, { ...place, containers: new Map() });
  const made = await engine.call(`making the slot of ${service.name}`, () =>
    engine.docker.createContainer({
      name: `${place.project}-${service.name}`,
      Image: helperImage,
      // Any number of seconds that every `sleep` takes.
      Entrypoint: ['sleep', '2147483647'],
      Cmd: [],
      User: '65534:65534',
      WorkingDir: '/',
      Healthcheck: { Test: ['NONE'] },
      Labels: { ...labels, [label.helper]: `slot-${service.name}` },
      ...network,
      HostConfig: { ...host, CapDrop: ['ALL'], ReadonlyRootfs: true, SecurityOpt: ['no-new-privileges'] },
    }),
  );
  if (!made.ok) return made;
  const { id } = made.value;
  const connected = await connectFurther(engine, id, service, place);
  if (!connected.ok) return connected;
  const started = await engine.call(`starting the slot of ${service.name}`, () => made.value.start());
  return started.ok ? ok(id) : started;
}
