import { createHmac, randomBytes } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { sha256 } from './sha256.ts';
import { openStore, type Store, writeAtomically } from './store.ts';

/** A key of this user, which seals what gym writes into stores. */
export interface Key {
  /** Names the key and tells nothing of it. */
  readonly id: string;
  /** HMAC-SHA256 (RFC 2104) of a text, as hex. */
  seal(text: string): string;
}

/** Where gym keeps what is the user's and in no workspace: `gym` in the state home of the XDG Base Directory Specification. */
function stateDirectory(): string {
  const named = process.env['XDG_STATE_HOME'];
  const home = named !== undefined && isAbsolute(named) ? named : join(homedir(), '.local', 'state');
  return join(home, 'gym');
}

/** Where what is held out of an agent's sight is kept of a run. */
export function heldOutDirectory(run: string): string {
  return join(stateDirectory(), 'held-out', run);
}

/** A store beside that of a checkout and outside it, for runs in which what is held out is in sight. */
export function heldOutStore({ directory }: Store): Store {
  return openStore(heldOutDirectory(sha256(directory).slice(0, 16)));
}

const keyFile = (): string => join(stateDirectory(), 'key');

/** This user's key; `undefined`: there is none yet, or it cannot be read. */
export function readKey(): Key | undefined {
  try {
    return keyOf(readFileSync(keyFile(), 'utf8'));
  } catch {
    return undefined;
  }
}

/** Makes a folder for the user alone, with those above it. Where none can be made, as below /proc, Node's own way of doing so never ends. */
export function makeOwnFolder(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeOwnFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another gym was first.
    if (!existsSync(path)) throw error;
  }
}

/** This user's key, made where there is none; `undefined`: it cannot be kept. Of two gyms that make one, a link decides whose it is. */
export function takeKey(): Key | undefined {
  const known = readKey();
  if (known !== undefined) return known;
  const own = `${keyFile()}.${process.pid}.tmp`;
  try {
    makeOwnFolder(stateDirectory());
    writeFileSync(own, randomBytes(32).toString('hex'), { mode: 0o600 });
    linkSync(own, keyFile());
  } catch {
    // Another gym was first, or nothing can be written: reading tells.
  }
  rmSync(own, { force: true });
  return readKey();
}

/** The user's seal of a text, so that nobody else's is taken for gym's; where no key can be kept, its SHA-256. Both hexadecimal. */
export const sealOf = (text: string): string => takeKey()?.seal(text) ?? sha256(text);

function keyOf(text: string): Key | undefined {
  if (!/^[0-9a-f]{64}$/.test(text)) return undefined;
  return {
    id: sha256(`id of ${text}`).slice(0, 16),
    seal: (sealed) => createHmac('sha256', Buffer.from(text, 'hex')).update(sealed).digest('hex'),
  };
}

const head = z.object({
  /** Folder of the store. */
  directory: z.string(),
  /** Number and hash of the link that this user's gym wrote last. */
  seq: z.number(),
  hash: z.string(),
  /** Epoch milliseconds. */
  at: z.number(),
});
/** How far a store's chain went when this user's gym wrote to it last. */
export type Head = z.infer<typeof head>;

const headsFolder = (): string => join(stateDirectory(), 'heads');

function headFile(directory: string): string {
  const name = sha256(realpathSync(directory)).slice(0, 16);
  return join(headsFolder(), `${name}.json`);
}

/** The head of a store's chain; `undefined`: this user's gym never wrote to it, or it cannot be read. */
export function readHead(directory: string): Head | undefined {
  try {
    return head.parse(JSON.parse(readFileSync(headFile(directory), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Notes it. Where nothing can be written, the seals of the links are all there is. */
export function writeHead(directory: string, noted: Omit<Head, 'directory'>): void {
  try {
    makeOwnFolder(headsFolder());
    writeAtomically(headFile(directory), JSON.stringify({ directory, ...noted }));
  } catch {
    // A full or read-only disk must not cost a verdict.
  }
}

/** Removes the heads of stores whose checkout is gone. One whose checkout is there stays: its store should be, too. */
export function forgetLostHeads(): void {
  const folder = headsFolder();
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.json'))) {
    try {
      const { directory } = head.parse(JSON.parse(readFileSync(join(folder, name), 'utf8')));
      if (!existsSync(dirname(directory))) rmSync(join(folder, name), { force: true });
    } catch {
      // Not gym's.
    }
  }
}
