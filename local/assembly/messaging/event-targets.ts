/** Reads the targets of EventBridge's rules and schedules, and what they get. */

import type { EventInput, EventTarget } from '../model';
import { isObject, type Json, textAt } from '../values/json';
import type { Resource } from '../values/resource';
import type { AppTargets, Sender } from './app-targets';

const EVENT_BUS = /^arn:[^:]+:events:[^:]*:[^:]*:event-bus\/.+$/;

/** @throws {UserError} if the target is not run, or EventBridge has no permission to deliver to it */
export function readRuleTarget(
  target: Json,
  rule: Resource,
  sender: Sender,
  targets: AppTargets,
  hasBus: (busArn: string) => boolean,
): EventTarget {
  const arn = textAt(target, 'Arn') ?? '';
  if (EVENT_BUS.test(arn)) {
    if (!hasBus(arn)) throw rule.mistake(`its target ${arn} is not an event bus of this app`);
    if (textAt(target, 'RoleArn') === undefined)
      throw rule.mistake(`its target ${arn} has no RoleArn, which EventBridge needs to send to another bus`);
  } else {
    const fault = targets.faultOf(arn, sender);
    if (fault) throw rule.mistake(`its target: ${fault}`);
  }
  const input = inputOf(target, rule);
  return { arn, ...(input && { input }), ...commonOf(target, arn, rule, targets) };
}

/** EventBridge Scheduler uses the schedule's role, and needs no permission of the target. */
export function readScheduleTarget(target: Json, schedule: Resource, targets: AppTargets): EventTarget {
  const arn = textAt(target, 'Arn') ?? '';
  if (textAt(target, 'RoleArn') === undefined) throw schedule.mistake('its target has no RoleArn');
  if (!targets.isThere(arn)) {
    throw schedule.mistake(
      `the runtime does not support its target ${arn}; it supports functions, queues and topics of the app`,
    );
  }
  const text = textAt(target, 'Input');
  return {
    arn,
    ...(text === undefined ? {} : { input: { kind: 'constant', text } as const }),
    ...commonOf(target, arn, schedule, targets),
  };
}

function commonOf(
  target: Json,
  arn: string,
  resource: Resource,
  targets: AppTargets,
): Pick<EventTarget, 'messageGroupId' | 'deadLetterArn'> {
  const [parameters, deadLetters] = ['SqsParameters', 'DeadLetterConfig'].map((name) =>
    isObject(target) ? target[name] : undefined,
  );
  const messageGroupId = textAt(parameters, 'MessageGroupId');
  const deadLetterArn = textAt(deadLetters, 'Arn');
  if (targets.queue(arn)?.isFifo && messageGroupId === undefined) {
    throw resource.mistake(`its target ${arn} is a FIFO queue, but has no MessageGroupId in SqsParameters`);
  }
  return {
    ...(messageGroupId === undefined ? {} : { messageGroupId }),
    ...(deadLetterArn === undefined ? {} : { deadLetterArn }),
  };
}

function inputOf(target: Json, rule: Resource): EventInput | undefined {
  if (!isObject(target)) return undefined;
  const text = textAt(target, 'Input');
  if (text !== undefined) {
    if (!isJson(text)) throw rule.mistake(`the Input of its target is not JSON: ${text.slice(0, 80)}`);
    return { kind: 'constant', text };
  }
  const path = textAt(target, 'InputPath');
  if (path !== undefined) return { kind: 'path', path: checkedPath(path, rule) };
  const transformer = target.InputTransformer;
  if (transformer === undefined) return undefined;
  const map = isObject(transformer) ? transformer.InputPathsMap : undefined;
  const paths = Object.entries(isObject(map) ? map : {}).map(
    ([name, value]) => [name, checkedPath(String(value), rule)] as const,
  );
  return {
    kind: 'template',
    paths: Object.fromEntries(paths),
    template: textAt(transformer, 'InputTemplate') ?? '',
  };
}

function checkedPath(path: string, rule: Resource): string {
  if (path.startsWith('$')) return path;
  throw rule.mistake(`the path ${path} of its target's input is not a JSONPath, which begins with $`);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
