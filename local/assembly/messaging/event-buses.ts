/** EventBridge's buses and the rules that match events. */
import type { Assembly } from '../assembly';
import { Attempts } from '../attempts';
import type { EventBus, EventTarget, OtherResource } from '../model';
import type { Json, JsonObject } from '../values/json';
import { objectFrom } from '../values/json-text';
import type { Resource } from '../values/resource';
import { busOfRule, DEFAULT_BUS } from '../values/resource-values';
import type { AppTargets } from './app-targets';
import { checkedPattern } from './checked-pattern';
import { readRuleTarget } from './event-targets';

export const RULE = 'AWS::Events::Rule';

/** Every account has a default bus, even if the template does not mention it. */
export function readEventBuses(
  assembly: Assembly,
  targets: AppTargets,
  home: { region: string; accountId: string },
): { buses: EventBus[]; notRun: OtherResource[] } {
  const attempts = new Attempts();
  const defaultBus = {
    path: DEFAULT_BUS,
    name: DEFAULT_BUS,
    busArn: `arn:aws:events:${home.region}:${home.accountId}:event-bus/${DEFAULT_BUS}`,
    rules: [],
  };
  const buses = new Map<string, EventBus>([[DEFAULT_BUS, defaultBus]]);
  for (const resource of assembly.resources('AWS::Events::EventBus')) {
    attempts.try(resource, () => {
      const name = resource.ref;
      const busArn = String(resource.stack.attribute(resource.logicalId, 'Arn', 'Resources'));
      buses.set(name, { path: resource.path, name, busArn, rules: [] });
    });
  }
  const hasBus = (busArn: string) => [...buses.values()].some((bus) => bus.busArn === busArn);
  for (const rule of assembly.resources(RULE)) {
    attempts.try(rule, () => {
      if (isOff(rule) || rule.property('EventPattern') === undefined) return;
      const name = busOfRule(rule);
      const bus = buses.get(name);
      if (!bus) throw rule.mistake(`its event bus ${name} is not part of this app`);
      const ruleArn = arnOf(rule);
      bus.rules.push({
        path: rule.path,
        ruleName: ruleArn.split('/').at(-1) ?? '',
        ruleArn,
        pattern: patternOf(rule),
        targets: targetsOf(rule, ruleArn, attempts, targets, hasBus),
      });
    });
  }
  return { buses: [...buses.values()], notRun: attempts.notRun };
}

export function isOff(resource: Resource): boolean {
  return resource.text('State') === 'DISABLED';
}

export function arnOf(resource: Resource): string {
  return String(resource.stack.attribute(resource.logicalId, 'Arn', 'Resources'));
}

/** The rules that can run. A rule that cannot does not affect others. */
export function targetsOf(
  rule: Resource,
  ruleArn: string,
  attempts: Attempts,
  targets: AppTargets,
  hasBus: (busArn: string) => boolean,
): EventTarget[] {
  const given = rule.property('Targets');
  const sender = { service: 'events.amazonaws.com', sourceArn: ruleArn };
  return (Array.isArray(given) ? given : []).flatMap((target: Json) => {
    const read = attempts.try(rule, () => readRuleTarget(target, rule, sender, targets, hasBus));
    return read ? [read] : [];
  });
}

function patternOf(rule: Resource): JsonObject {
  const pattern = objectFrom(rule.property('EventPattern'));
  if (!pattern) throw rule.mistake('its EventPattern is not a JSON object');
  return checkedPattern(pattern, rule, 'EventBridge refuses its EventPattern');
}
