import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { killMarked, listMarked } from '../../../gym/store/processes.ts';

const marker = (): string => `GYM_TEST_MARKER=${process.pid}-${Math.random()}`;

function marked(command: string, mark: string) {
  const [name = '', value = ''] = mark.split('=');
  return spawn('sh', ['-c', command], { env: { ...process.env, [name]: value }, stdio: ['ignore', 'pipe', 'ignore'] });
}

describe.runIf(process.platform === 'linux')('marked processes', () => {
  it('are found and killed, wherever they moved to', async () => {
    const mark = marker();
    const child = marked('setsid sleep 60 & sleep 60 & echo up; wait', mark);
    const gone = once(child, 'exit');
    await once(child.stdout, 'data');
    expect(listMarked(mark)).toContain(child.pid);
    expect(listMarked(mark).length).toBe(3);
    expect(await killMarked(mark)).toEqual([]);
    await gone;
    expect(listMarked(mark)).toEqual([]);
  });

  it('are not those whose mark only begins alike, nor this process', async () => {
    const mark = marker();
    const child = marked('echo up; exec sleep 60', `${mark}0`);
    const gone = once(child, 'exit');
    await once(child.stdout, 'data');
    expect(listMarked(mark)).toEqual([]);
    expect(await killMarked(`${mark}0`)).toEqual([]);
    await gone;
    expect(listMarked(`PATH=${process.env['PATH']}`)).not.toContain(process.pid);
  });
});
