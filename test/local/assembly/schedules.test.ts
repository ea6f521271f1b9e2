import type { Json, JsonObject } from '../../../local/assembly/json';
import { chatTemplate, readTemplate } from './written-assembly';

const FUNCTION_ARN = { 'Fn::GetAtt': ['Function', 'Arn'] };

/** The chat with a rule that sweeps every five minutes, some properties of it changed. */
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
  return { schedules, notRun, functionName: functions[0]?.functionName };
}

function reasonOf(...given: Parameters<typeof read>): string | undefined {
  const { schedules, notRun } = read(...given);
  expect(schedules).toEqual([]);
  return notRun.find(({ type }) => type === 'AWS::Events::Rule')?.reason;
}

describe('readSchedules', () => {
  it('reads a rule with its targets', () => {
    const { schedules, notRun, functionName } = read();
    expect(schedules).toEqual([
      {
        path: 'Main/Sweep',
        ruleArn: expect.stringMatching(/^arn:aws:events:us-east-1:000000000000:rule\/Main-Sweep-/),
        intervalMillis: 300_000,
        targets: [{ functionName, input: '{"type":"sweep"}' }],
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
    expect(read({ ScheduleExpression }).schedules).toMatchObject([{ intervalMillis }]);
  });

  it.each(['rate(1 minutes)', 'rate(5 minute)', 'rate(0 minutes)', 'rate(5 seconds)', 'every day'])(
    'names %s as what AWS refuses',
    (ScheduleExpression) => {
      expect(reasonOf({ ScheduleExpression })).toContain(`${ScheduleExpression}, which AWS refuses`);
    },
  );

  it('names what is not run', () => {
    expect(reasonOf({ ScheduleExpression: 'cron(0 12 * * ? *)' })).toContain('only rates are');
    expect(reasonOf({}, { target: { InputPath: '$.time' } })).toContain('the InputPath of its target');
    expect(reasonOf({}, { target: { InputTransformer: { InputTemplate: '1' } } })).toContain(
      'the InputTransformer of its target',
    );
    expect(reasonOf({}, { target: { Arn: 'arn:aws:sqs:us-east-1:000000000000:queue' } })).toContain(
      'only functions are',
    );
    expect(reasonOf({}, { target: { Input: 'sweep' } })).toContain('is no JSON: sweep');
    expect(reasonOf({ ScheduleExpression: { Ref: 'AWS::NoValue' }, EventPattern: {} })).toContain(
      'event pattern',
    );
  });

  it('names a target that EventBridge may not invoke, since it does not run on AWS either', () => {
    expect(reasonOf({}, { principal: 'apigateway.amazonaws.com' })).toMatch(
      /^Main\/Sweep .* EventBridge may not invoke Main-Function-\w+, so that on AWS it never runs/,
    );
  });

  it('leaves out a rule that is disabled', () => {
    expect(read({ State: 'DISABLED' })).toMatchObject({ schedules: [], notRun: [] });
  });
});
