import type { Json, JsonObject } from '../../../../local/assembly/values/json';
import { chatTemplate, readTemplate } from '../written-assembly';

const FUNCTION_ARN = { 'Fn::GetAtt': ['Function', 'Arn'] };

/** The chat with a rule that sweeps every five minutes, with some changed properties. */
function read(rule: JsonObject = {}, options: { principal?: string; target?: JsonObject } = {}) {
  const template = chatTemplate();
  template.Resources.Sweep = {
    Type: 'AWS::Events::Rule',
    Properties: {
      ScheduleExpression: 'rate(5 minutes)',
      Targets: [{ Arn: FUNCTION_ARN, Id: 'Target0', Input: '{"type":"sweep"}', ...options.target } as Json],
      ...rule,
    },
  };
  template.Resources.SweepPermission = {
    Type: 'AWS::Lambda::Permission',
    Properties: {
      Action: 'lambda:InvokeFunction',
      Principal: options.principal ?? 'events.amazonaws.com',
      FunctionName: FUNCTION_ARN,
      SourceArn: { 'Fn::GetAtt': ['Sweep', 'Arn'] },
    },
  };
  const { schedules, notRun, functions } = readTemplate(template);
  return { schedules, notRun, functionArn: functions[0]?.functionArn };
}

function reasonOf(...given: Parameters<typeof read>): string | undefined {
  const { schedules, notRun } = read(...given);
  expect(schedules).toEqual([]);
  return notRun.find(({ type }) => type === 'AWS::Events::Rule')?.reason;
}

describe('readSchedules', () => {
  it('reads a rule with its targets', () => {
    const { schedules, notRun, functionArn } = read();
    expect(schedules).toEqual([
      {
        path: 'Main/Sweep',
        arn: expect.stringMatching(/^arn:aws:events:us-east-1:000000000000:rule\/Main-Sweep-/),
        service: 'events',
        timing: { kind: 'rate', intervalMillis: 300_000 },
        targets: [{ arn: functionArn, input: { kind: 'constant', text: '{"type":"sweep"}' } }],
      },
    ]);
    expect(notRun).toEqual([]);
  });

  it.each([
    ['rate(1 minute)', 60_000],
    ['rate(1 hour)', 3_600_000],
    ['rate(2 hours)', 7_200_000],
    ['rate(7 days)', 604_800_000],
  ])('understands %s', (ScheduleExpression, intervalMillis) => {
    expect(read({ ScheduleExpression }).schedules).toMatchObject([{ timing: { intervalMillis } }]);
  });

  it.each(['rate(1 minutes)', 'rate(5 minute)', 'rate(0 minutes)', 'rate(5 seconds)', 'every day'])(
    'names %s as what AWS refuses',
    (ScheduleExpression) => {
      expect(reasonOf({ ScheduleExpression })).toContain(`${ScheduleExpression}, which AWS refuses`);
    },
  );

  it.each(['cron(0 12 * * ? *)', 'cron(0/5 8-17 ? * MON-FRI *)', 'cron(15 10 ? * 6L 2026-2030)'])(
    'understands %s',
    (ScheduleExpression) => {
      const expression = ScheduleExpression.slice(5, -1);
      expect(read({ ScheduleExpression }).schedules).toMatchObject([
        { timing: { kind: 'cron', expression, timeZone: 'UTC' } },
      ]);
    },
  );

  it.each([
    ['cron(0 12 * * * *)', 'exactly one of day of month and day of week must be ?'],
    ['cron(0 12 * *)', 'six fields'],
    ['cron(60 12 * * ? *)', 'minute'],
    ['cron(? 12 * * ? *)', '? is only allowed for day of month'],
  ])('reports that AWS refuses %s', (ScheduleExpression, why) => {
    expect(reasonOf({ ScheduleExpression })).toContain(`${ScheduleExpression}, which AWS refuses`);
    expect(reasonOf({ ScheduleExpression })).toContain(why);
  });

  it('reads the input that replaces the event', () => {
    const inputOf = (target: JsonObject) => read({}, { target }).schedules[0]?.targets[0]?.input;
    const none = { Ref: 'AWS::NoValue' };
    expect(inputOf({ Input: none, InputPath: '$.time' })).toEqual({ kind: 'path', path: '$.time' });
    expect(
      inputOf({
        Input: none,
        InputTransformer: { InputPathsMap: { at: '$.time' }, InputTemplate: '{"at":<at>}' },
      }),
    ).toEqual({ kind: 'template', paths: { at: '$.time' }, template: '{"at":<at>}' });
  });

  it('lists what is not supported', () => {
    expect(reasonOf({}, { target: { Arn: 'arn:aws:sqs:us-east-1:000000000000:queue' } })).toContain(
      'the runtime does not have the queue queue',
    );
    expect(reasonOf({}, { target: { Input: 'sweep' } })).toContain('is not JSON: sweep');
    expect(reasonOf({ EventBusName: 'orders' })).toContain('only on the default bus');
  });

  it('reads a schedule of EventBridge Scheduler', () => {
    const template = chatTemplate();
    template.Resources.Daily = {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        ScheduleExpression: 'at(2026-03-29T12:00:30)',
        ScheduleExpressionTimezone: 'Europe/Berlin',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: { Arn: FUNCTION_ARN, RoleArn: 'arn:aws:iam::000000000000:role/scheduler', Input: '{}' },
      },
    };
    expect(readTemplate(template).schedules).toMatchObject([
      {
        arn: expect.stringMatching(
          /^arn:aws:scheduler:us-east-1:000000000000:schedule\/default\/Main-Daily-/,
        ),
        timing: { kind: 'at', at: Date.UTC(2026, 2, 29, 10, 0, 30) },
        targets: [{ input: { kind: 'constant', text: '{}' } }],
      },
    ]);
  });

  it('lists a target that EventBridge may not invoke, because it does not run on AWS either', () => {
    expect(reasonOf({}, { principal: 'apigateway.amazonaws.com' })).toMatch(
      /^Main\/Sweep .* events.amazonaws.com has no permission to invoke Main-Function-\w+ for .*, so on AWS it never runs/,
    );
  });

  it('omits a disabled rule', () => {
    expect(read({ State: 'DISABLED' })).toMatchObject({ schedules: [], notRun: [] });
  });
});
