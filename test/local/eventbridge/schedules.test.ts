import type { Schedule } from '../../../local/assembly/model';
import { ManualClock } from '../../../local/clock';
import { inputFor } from '../../../local/eventbridge/event-input';
import { Schedules } from '../../../local/eventbridge/schedules';

const MINUTE = 60_000;
const RULE_ARN = 'arn:aws:events:us-east-1:000000000000:rule/Sweep';

describe('Schedules', () => {
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  let invoked: { arn: string; payload: string; minute: number }[];

  function start(timing: Schedule['timing'], ...inputs: (string | undefined)[]): Schedules {
    return run({
      path: 'Stack/Sweep',
      arn: RULE_ARN,
      service: 'events',
      timing,
      targets: targets(...inputs),
    });
  }

  function targets(...inputs: (string | undefined)[]): Schedule['targets'] {
    return inputs.map((text, n) => ({
      arn: `f${n}`,
      ...(text === undefined ? {} : { input: { kind: 'constant', text } as const }),
    }));
  }

  function run(schedule: Schedule): Schedules {
    invoked = [];
    const startedAt = clock.now();
    const schedules = new Schedules({
      schedules: [schedule],
      region: 'us-east-1',
      accountId: '000000000000',
      deliver: ({ arn }, target, event) => {
        const context = { ruleArn: arn, ruleName: '', ingestedAt: '' };
        const minute = (clock.now() - startedAt) / MINUTE;
        invoked.push({ arn: target.arn, payload: inputFor(target.input, event, context), minute });
      },
      clock,
    });
    schedules.start();
    return schedules;
  }

  const rate = (minutes: number) => ({ kind: 'rate', intervalMillis: minutes * MINUTE }) as const;

  const running: Schedules[] = [];
  afterEach(() => {
    for (const schedules of running.splice(0)) schedules.stop();
  });

  it('run their functions at their rate, first after one interval', () => {
    running.push(start(rate(5), '{"type":"sweep"}'));
    clock.advance(4 * MINUTE);
    expect(invoked).toEqual([]);
    clock.advance(11 * MINUTE);
    expect(invoked.map(({ minute }) => minute)).toEqual([5, 10, 15]);
    expect(invoked[0]).toMatchObject({ arn: 'f0', payload: '{"type":"sweep"}' });
  });

  it('run every target of a rule', () => {
    running.push(start(rate(1), '1', '2'));
    clock.advance(MINUTE);
    expect(invoked.map(({ arn, payload }) => [arn, payload])).toEqual([
      ['f0', '1'],
      ['f1', '2'],
    ]);
  });

  it('send the standard scheduled event without an input', () => {
    const time = new Date(clock.now() + MINUTE).toISOString().replace('.000Z', 'Z');
    running.push(start(rate(1), undefined));
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

  it('support rates longer than any timer', () => {
    const days = 40;
    running.push(start(rate(days * 24 * 60), '{}'));
    clock.advance((days * 24 * 60 - 1) * MINUTE);
    expect(invoked).toEqual([]);
    clock.advance(MINUTE);
    expect(invoked).toHaveLength(1);
  });

  it('keep the times of unchanged schedules when the others are replaced', () => {
    const schedules = start(rate(5), '{}');
    running.push(schedules);
    const kept = { path: 'Stack/Sweep', arn: RULE_ARN, service: 'events', timing: rate(5) } as const;
    clock.advance(3 * MINUTE);
    schedules.replace([
      { ...kept, targets: targets('{}') },
      { ...kept, arn: `${RULE_ARN}2`, targets: [{ arn: 'new' }] },
    ]);
    clock.advance(5 * MINUTE);
    expect(invoked.map(({ arn, minute }) => [arn, minute])).toEqual([
      ['f0', 5],
      ['new', 8],
    ]);
    schedules.replace([]);
    clock.advance(20 * MINUTE);
    expect(invoked).toHaveLength(2);
  });

  it('run at the times of a cron expression, in a time zone with daylight saving time', () => {
    clock.advance(Date.UTC(2026, 2, 28, 0, 30) - clock.now());
    const [start, end] = [Date.UTC(2026, 2, 28), Date.UTC(2026, 2, 31)];
    running.push(
      run({
        ...{ path: 'Stack/Sweep', arn: RULE_ARN, service: 'events', targets: targets('{}') },
        timing: { kind: 'cron', expression: '0 9 ? * SAT,SUN *', timeZone: 'Europe/Berlin', start, end },
      }),
    );
    clock.advance(7 * 24 * 60 * MINUTE);
    // 9:00 is 8:00 UTC on Saturday and 7:00 UTC on Sunday. Nothing runs after the end.
    expect(invoked.map(({ minute }) => minute)).toEqual([450, 450 + 23 * 60]);
  });

  it('run once at a time, and never before or after', () => {
    const at = clock.now() + 90 * MINUTE;
    running.push(start({ kind: 'at', at }, '{}'));
    clock.advance(3 * 60 * MINUTE);
    expect(invoked.map(({ minute }) => minute)).toEqual([90]);
    running.push(start({ kind: 'at', at }, '{}'));
    clock.advance(3 * 60 * MINUTE);
    expect(invoked).toEqual([]);
  });

  it('fill in the attributes of the run for EventBridge Scheduler', () => {
    running.push(
      run({
        path: 'Stack/Daily',
        arn: 'arn:aws:scheduler:us-east-1:000000000000:schedule/default/Daily',
        service: 'scheduler',
        timing: rate(1),
        targets: targets(
          '{"at":"<aws.scheduler.scheduled-time>","by":"<aws.scheduler.schedule-arn>"}',
          undefined,
        ),
      }),
    );
    const time = new Date(clock.now() + MINUTE).toISOString().replace('.000Z', 'Z');
    clock.advance(MINUTE);
    expect(JSON.parse(invoked[0]?.payload ?? '')).toEqual({
      at: time,
      by: 'arn:aws:scheduler:us-east-1:000000000000:schedule/default/Daily',
    });
    expect(JSON.parse(invoked[1]?.payload ?? '')).toMatchObject({ source: 'aws.scheduler', detail: '{}' });
  });

  it('do nothing after they are stopped', () => {
    start(rate(1), '{}').stop();
    clock.advance(10 * MINUTE);
    expect(invoked).toEqual([]);
  });
});
