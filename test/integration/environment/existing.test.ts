import { describe, expect, it } from 'vitest';
import { down, listEnvironments, logs } from '../../../gym/environment/existing.ts';
import { bench, labelled, messageOf } from './support.ts';

const gym = bench();
const text = `
services:
  a:
    image: debian:bookworm-slim
    init: true
    command: [sh, -c, "for i in 1 2 3; do echo line $$i; done; echo bad >&2; exec sleep 1000"]
    ports: ["80"]
    volumes: ["data:/data"]
  job: {image: "debian:bookworm-slim", command: [sh, -c, "exit 0"]}
  last: {image: "debian:bookworm-slim", init: true, command: [sleep, "1000"], depends_on: {job: {condition: service_completed_successfully}}}
volumes: {data: {}}
`;

describe('an environment that is kept', () => {
  it('is found, listed and removed by another process', async () => {
    const first = await gym.mustUp(text, { lease: 'kept', observed: [{ kind: 'volume', volume: 'data' }] });
    first.release();
    const listed = await listEnvironments(process.env, gym.folder);
    if (!listed.ok) throw new Error(messageOf(listed));
    expect(listed.value).toHaveLength(1);
    const [status] = listed.value;
    expect(status).toMatchObject({ project: first.project, task: 'gymtest', lease: 'kept', checkout: gym.folder });
    const services = status?.services.map(({ service, state, exitCode }) => `${service} ${state} ${exitCode}`).sort();
    expect(services).toEqual(['a running null', 'job exited 0', 'last running null']);
    const a = status?.services.find(({ service }) => service === 'a');
    expect(a?.ports).toEqual([`127.0.0.1:${first.publishedPort('a', 80)}->80/tcp`]);
    expect(Date.now() - (a?.startedAt ?? 0)).toBeLessThan(60_000);
    expect(await listEnvironments(process.env, '/elsewhere')).toEqual({ ok: true, value: [] });

    expect(await down(process.env, first.project)).toEqual({ ok: true, value: undefined });
    expect(labelled(`dev.gym.project=${first.project}`)).toEqual([]);
  });

  it('gives its logs: whole, the tail, with times, or followed', async () => {
    const { project } = await gym.mustUp(text);
    const read = async (change: Partial<Parameters<typeof logs>[1]>): Promise<{ out: string; err: string }> => {
      const got = { stdout: '', stderr: '' };
      const result = await logs(process.env, {
        project,
        service: 'a',
        follow: false,
        tail: null,
        timestamps: false,
        onOutput: (chunk, stream) => {
          got[stream] += Buffer.from(chunk).toString();
        },
        signal: new AbortController().signal,
        ...change,
      });
      if (!result.ok) throw new Error(messageOf(result));
      return { out: got.stdout, err: got.stderr };
    };
    expect(await read({})).toEqual({ out: 'line 1\nline 2\nline 3\n', err: 'bad\n' });
    const tail = await read({ tail: 2 });
    expect(`${tail.out}${tail.err}`.split('\n')).toHaveLength(3);
    expect((await read({ timestamps: true })).out).toMatch(/^20\d\d-\S+Z line 1\n/);
    const aborter = new AbortController();
    let seen = '';
    const onOutput = (chunk: Uint8Array): void => {
      seen += Buffer.from(chunk).toString();
      if (seen.includes('bad')) aborter.abort();
    };
    await read({ follow: true, signal: aborter.signal, onOutput });
    expect(seen).toMatch(/line 3\n[\s\S]*bad\n|bad\n[\s\S]*line 3\n/);
    await expect(read({ service: 'none' })).rejects.toThrow(`there is no service none in ${project}`);
  });
});
