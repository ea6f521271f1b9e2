/** EventBridge rules that run functions at a rate: which of an app's can be run here, and what keeps the others. */
import { UserError } from '../user-error';
import type { Assembly } from './assembly';
import { isObject, type Json, textAt } from './json';
import { LambdaPermissions } from './lambda-permissions';
import type { OtherResource, Schedule, ScheduleTarget } from './model';
import type { Resource } from './resource';
import { functionNameIn } from './resource-values';

const RULE = 'AWS::Events::Rule';

const UNIT_MILLIS: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** What a target may say that would change its event: not run, rather than run with another event than on AWS. */
const TRANSFORMATIONS = ['InputPath', 'InputTransformer'];

/** Reads every rule that is enabled; `isRun` tells whether the runtime runs a function. */
export function readSchedules(
  assembly: Assembly,
  isRun: (functionName: string) => boolean,
): { schedules: Schedule[]; notRun: OtherResource[] } {
  const permissions = new LambdaPermissions(assembly, 'events.amazonaws.com');
  const schedules: Schedule[] = [];
  const notRun: OtherResource[] = [];
  for (const rule of assembly.resources(RULE)) {
    const attempt = (read: () => void) => {
      try {
        read();
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        notRun.push({ type: RULE, path: rule.path, reason: error.message });
      }
    };
    attempt(() => {
      if (rule.text('State') === 'DISABLED') return;
      const schedule: Schedule = {
        path: rule.path,
        ruleArn: String(rule.stack.attribute(rule.logicalId, 'Arn', 'Resources')),
        intervalMillis: intervalMillis(rule),
        targets: [],
      };
      const targets = rule.property('Targets');
      for (const target of Array.isArray(targets) ? targets : []) {
        attempt(() => schedule.targets.push(readTarget(target, rule, permissions, isRun)));
      }
      if (schedule.targets.length > 0) schedules.push(schedule);
    });
  }
  return { schedules, notRun };
}

/** `rate(1 minute)`, `rate(5 minutes)`: the unit agrees with the number, says EventBridge's page on schedule expressions. */
function intervalMillis(rule: Resource): number {
  const expression = rule.text('ScheduleExpression');
  if (expression === undefined) throw rule.mistake('rules with an event pattern are not run');
  if (expression.startsWith('cron('))
    throw rule.mistake(`its schedule ${expression} is not run; only rates are`);
  const [, digits = '', unit = '', plural] =
    /^rate\(([1-9]\d*) (minute|hour|day)(s?)\)$/.exec(expression) ?? [];
  const unitMillis = UNIT_MILLIS[unit];
  if (unitMillis === undefined || (digits === '1') !== (plural === '')) {
    throw rule.mistake(
      `its ScheduleExpression is ${expression}, which AWS refuses; write rate(1 minute), rate(5 minutes), or the same with hours or days`,
    );
  }
  return Number(digits) * unitMillis;
}

function readTarget(
  target: Json,
  rule: Resource,
  permissions: LambdaPermissions,
  isRun: (functionName: string) => boolean,
): ScheduleTarget {
  const arn = textAt(target, 'Arn') ?? '';
  if (!/^arn:[^:]+:lambda:[^:]+:[^:]+:function:/.test(arn))
    throw rule.mistake(`its target ${arn} is not run; only functions are`);
  const functionName = functionNameIn(arn);
  if (!isRun(functionName)) throw rule.mistake(`its target ${arn} is no function that is run here`);
  const transformation = TRANSFORMATIONS.find((name) => isObject(target) && target[name] !== undefined);
  if (transformation)
    throw rule.mistake(`the ${transformation} of its target ${functionName} is not run; only Input is`);
  const ruleName = String(rule.stack.reference(rule.logicalId, 'Resources'));
  if (!permissions.cover(functionName, 'events', `rule/${ruleName}`)) {
    throw rule.mistake(
      `EventBridge may not invoke ${functionName}, so that on AWS it never runs. Add an AWS::Lambda::Permission for events.amazonaws.com (the target LambdaFunction of aws-events-targets does it by itself)`,
    );
  }
  const input = textAt(target, 'Input');
  if (input === undefined) return { functionName };
  if (!isJson(input))
    throw rule.mistake(`the Input of its target ${functionName} is no JSON: ${input.slice(0, 80)}`);
  return { functionName, input };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
