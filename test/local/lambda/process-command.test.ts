import { join } from 'node:path';
import type { LambdaFunction } from '../../../local/assembly/model';
import { systemClock } from '../../../local/clock';
import { processCommand } from '../../../local/lambda/environments/process-command';
import { Fixture, REGION } from './function-fixture';

describe('The command of a process', () => {
  const fixture = new Fixture();
  afterAll(() => fixture.remove());

  const commandOf = (properties: Partial<LambdaFunction>) =>
    processCommand(
      {
        lambdaFunction: fixture.function('Function', { 'index.py': '' }, properties),
        version: '$LATEST',
        region: REGION,
        endpoints: () => ({ endpoint: { host: '127.0.0.1', port: 9 }, services: {} }),
        clock: systemClock,
        onOutput: () => undefined,
        onExit: () => undefined,
      },
      '127.0.0.1:9001',
    );

  it('finds the packages of a Python layer in both folders that Lambda searches', () => {
    const { env } = commandOf({ runtime: 'python3.12', interpreter: '/bin/python', layers: ['/layer'] });
    expect(env.PYTHONPATH?.split(':')).toEqual([
      join('/layer', 'python/lib/python3.12/site-packages'),
      join('/layer', 'python'),
    ]);
  });
});
