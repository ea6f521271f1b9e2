import { ManualClock } from '../../local/clock';
import { Schedules } from '../../local/schedules';

const MINUTE = 60_000;
const RULE_ARN = 'arn:aws:events:us-east-1:000000000000:rule/Sweep';

describe('Schedules', () => {
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  let invoked: { functionName: string; payload: string; minute: number }[];

  function start(intervalMinutes: number, ...inputs: (string | undefined)[]): Schedules {
    invoked = [];
    const startedAt = clock.now();
    const schedules = new Schedules({
      schedules: [
        {
          path: 'Stack/Sweep',
          ruleArn: RULE_ARN,
          intervalMillis: intervalMinutes * MINUTE,
          targets: inputs.map((input, n) => ({
            functionName: `f${n}`,
            ...(input === undefined ? {} : { input }),
          })),
        },
      ],
      region: 'us-east-1',
      accountId: '000000000000',
      invoker: {
        invoke: () => Promise.reject(new Error('Schedules invoke asynchronously.')),
        invokeAsync: (functionName, payload) =>
          invoked.push({ functionName, payload, minute: (clock.now() - startedAt) / MINUTE }),
      },
      clock,
    });
    schedules.start();
    return schedules;
  }

  const running: Schedules[] = [];
  afterEach(() => {
    for (const schedules of running.splice(0)) schedules.stop();
  });

  it('run their functions at their rate, for the first time after one interval', () => {
    running.push(start(5, '{"type":"sweep"}'));
    clock.advance(4 * MINUTE);
    expect(invoked).toEqual([]);
    clock.advance(11 * MINUTE);
    expect(invoked.map(({ minute }) => minute)).toEqual([5, 10, 15]);
    expect(invoked[0]).toMatchObject({ functionName: 'f0', payload: '{"type":"sweep"}' });
  });

  it('run every target of a rule', () => {
    running.push(start(1, '1', '2'));
    clock.advance(MINUTE);
    expect(invoked.map(({ functionName, payload }) => [functionName, payload])).toEqual([
      ['f0', '1'],
      ['f1', '2'],
    ]);
  });

  it('send the ordinary scheduled event where there is no input', () => {
    const time = new Date(clock.now() + MINUTE).toISOString().replace('.000Z', 'Z');
    running.push(start(1, undefined));
    clock.advance(MINUTE);
    expect(JSON.parse(invoked[0]?.payload ?? '')).toEqual({
      version: '0',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      account: '000000000000',
      time,
      region: 'us-east-1',
      resources: [RULE_ARN],
      detail: {},
    });
  });

  it('keep to rates longer than any timer', () => {
    const days = 40;
    running.push(start(days * 24 * 60, '{}'));
    clock.advance((days * 24 * 60 - 1) * MINUTE);
    expect(invoked).toEqual([]);
    clock.advance(MINUTE);
    expect(invoked).toHaveLength(1);
  });

  it('keep the time of those that are still the same when others take their place', () => {
    const schedules = start(5, '{}');
    running.push(schedules);
    const kept = { path: 'Stack/Sweep', ruleArn: RULE_ARN, intervalMillis: 5 * MINUTE };
    clock.advance(3 * MINUTE);
    schedules.replace([
      { ...kept, targets: [{ functionName: 'f0', input: '{}' }] },
      { ...kept, ruleArn: `${RULE_ARN}2`, targets: [{ functionName: 'new', input: '{}' }] },
    ]);
    clock.advance(5 * MINUTE);
    expect(invoked.map(({ functionName, minute }) => [functionName, minute])).toEqual([
      ['f0', 5],
      ['new', 8],
    ]);
    schedules.replace([]);
    clock.advance(20 * MINUTE);
    expect(invoked).toHaveLength(2);
  });

  it('do nothing once stopped', () => {
    start(1, '{}').stop();
    clock.advance(10 * MINUTE);
    expect(invoked).toEqual([]);
  });
});
