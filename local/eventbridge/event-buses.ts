/** The app's event buses: each event goes to the targets of matching rules. */

import type { EventBus as EventBusSettings, EventRule, EventTarget } from '../assembly/model';
import type { Json } from '../assembly/values/json';
import type { Clock } from '../clock';
import { EventPattern } from '../event-patterns/event-pattern';
import type { Log } from '../log';
import { type DeliveryError, type Destinations, deliverOrBury, serviceOf } from '../messaging/destinations';
import { inputFor, type RuleContext } from './event-input';
import { eventTime } from './scheduled-event';

export interface EventBusesOptions {
  buses: EventBusSettings[];
  destinations: Destinations;
  clock: Clock;
  log: Log;
}

/** The sender of an event: a rule or a schedule. */
export interface EventSender {
  path: string;
  arn: string;
}

interface CompiledRule {
  rule: EventRule;
  pattern: EventPattern;
}

export class EventBuses {
  readonly #options: EventBusesOptions;
  #buses: EventBusSettings[] = [];
  readonly #rules = new Map<string, CompiledRule[]>();

  constructor(options: EventBusesOptions) {
    this.#options = options;
    this.replace(options.buses);
  }

  replace(buses: EventBusSettings[]): void {
    this.#buses = buses;
    this.#rules.clear();
    for (const { busArn, rules } of buses) {
      this.#rules.set(
        busArn,
        rules.map((rule) => ({ rule, pattern: new EventPattern(rule.pattern) })),
      );
    }
  }

  all(): EventBusSettings[] {
    return this.#buses;
  }

  /** By name or ARN. */
  find(nameOrArn: string): EventBusSettings | undefined {
    return this.#buses.find(({ name, busArn }) => nameOrArn === name || nameOrArn === busArn);
  }

  /** Returns `false` if there is no such bus. An event from another bus is not forwarded to a third one. */
  put(nameOrArn: string, event: string, isForwarded = false): boolean {
    const bus = this.find(nameOrArn);
    if (!bus) return false;
    const parsed: Json = JSON.parse(event);
    for (const { rule, pattern } of this.#rules.get(bus.busArn) ?? []) {
      if (!pattern.matches(parsed)) continue;
      for (const target of rule.targets) {
        if (isForwarded && serviceOf(target.arn) === 'events') continue;
        this.deliver({ path: rule.path, arn: rule.ruleArn }, target, event, rule.ruleName);
      }
    }
    return true;
  }

  /** An undeliverable event goes to the target's dead-letter queue. Without one, it is lost, and this is logged. */
  deliver(sender: EventSender, target: EventTarget, event: string, ruleName = ''): void {
    const { destinations, log, clock } = this.#options;
    const context: RuleContext = { ruleArn: sender.arn, ruleName, ingestedAt: eventTime(clock.now()) };
    const letter = (error: DeliveryError) => deadLetter(error, sender, target, event);
    const delivery = () => ({
      body: inputFor(target.input, event, context),
      ...(serviceOf(target.arn) === 'events' && { isForwarded: true }),
      ...(target.messageGroupId === undefined ? {} : { groupId: target.messageGroupId }),
    });
    const failed = deliverOrBury(destinations, target.arn, delivery, target.deadLetterArn, letter);
    if (failed) log.warn(`${sender.path}: lost an event for ${target.arn}: ${failed.message}`);
  }
}

/** @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html */
function deadLetter(error: DeliveryError, { arn }: EventSender, target: EventTarget, event: string) {
  const attributes = Object.fromEntries(
    Object.entries({
      RULE_ARN: arn,
      TARGET_ARN: target.arn,
      ERROR_CODE: error.code,
      ERROR_MESSAGE: error.message,
    }).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  );
  return { body: event, attributes };
}
