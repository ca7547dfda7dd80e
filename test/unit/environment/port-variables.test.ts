import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { portVariables } from '../../../gym/environment/port-variables.ts';
import { runStage } from '../../../gym/harness/stage.ts';
import { hostContext, stageOf } from '../harness/support.ts';

describe('the variables of published ports', () => {
  it('name service, port and protocol', () => {
    const of = (service: string, containerPort: number, protocol: 'tcp' | 'udp', hostPort: number) => {
      return { service, containerPort, protocol, hostPort };
    };
    expect(portVariables([of('web-api.v1', 80, 'tcp', 40_000), of('dns', 53, 'udp', 40_001)])).toEqual({
      GYM_HOST: '127.0.0.1',
      GYM_PORT_WEB_API_V1_80: '40000',
      GYM_PORT_DNS_53_UDP: '40001',
    });
  });

  it('reach stages on the host, which may say otherwise', async () => {
    const context = hostContext();
    const command = 'echo "$GYM_HOST:$GYM_PORT_WEB_API_80 $GYM_PORT_OTHER"';
    await runStage(stageOf({ command, env: { GYM_PORT_OTHER: 'own', GYM_HOST: 'other' } }), context);
    expect(readFileSync(context.logFile, 'utf8')).toBe('other:32768 own\n');
  });
});
