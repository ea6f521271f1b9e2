/** EventBridge over HTTP, in the JSON protocol: accepts events, and lists and tests rules. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EventBus, EventRule } from '../assembly/model';
import { isObject, type Json, type JsonObject, textAt } from '../assembly/values/json';
import type { Clock } from '../clock';
import { type JsonOperation, JsonServiceError, serveJson } from '../endpoint/json-protocol';
import type { RequestHandler } from '../endpoint/request-router';
import { EventPattern } from '../event-patterns/event-pattern';
import { PatternError } from '../event-patterns/pattern-error';
import type { Log } from '../log';
import type { EventBuses } from './event-buses';
import { entryBytes, MAX_BYTES, MAX_ENTRIES, readEntry } from './put-events';

/** The events of one request, with every byte escaped. */
const MAX_REQUEST_BYTES = 8 * 1024 * 1024;

export interface EventsServiceOptions {
  buses: EventBuses;
  region: string;
  accountId: string;
  clock: Clock;
  log: Log;
}

export class EventsService implements RequestHandler {
  readonly #options: EventsServiceOptions;
  readonly #operations: Record<string, JsonOperation> = {
    PutEvents: (input) => this.#putEvents(input),
    ListEventBuses: () => ({ EventBuses: this.#options.buses.all().map(busJson) }),
    DescribeEventBus: (input) => busJson(this.#bus(textAt(input, 'Name'))),
    ListRules: (input) => ({
      Rules: this.#bus(textAt(input, 'EventBusName')).rules.map((rule) => ruleJson(rule)),
    }),
    ListTargetsByRule: (input) => ({ Targets: this.#targets(input) }),
    TestEventPattern: (input) => ({ Result: testPattern(input) }),
  };

  constructor(options: EventsServiceOptions) {
    this.#options = options;
  }

  handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    return serveJson(request, response, 'EventBridge', this.#operations, MAX_REQUEST_BYTES);
  }

  #putEvents(input: JsonObject): JsonObject {
    const { buses, region, accountId, clock, log } = this.#options;
    const entries = (Array.isArray(input.Entries) ? input.Entries : []).map((one) =>
      isObject(one) ? one : {},
    );
    if (entries.length === 0 || entries.length > MAX_ENTRIES) {
      throw new JsonServiceError(
        'ValidationException',
        `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length ${entries.length === 0 ? 'greater than or equal to 1' : `less than or equal to ${MAX_ENTRIES}`}`,
      );
    }
    if (entries.reduce((sum, entry) => sum + entryBytes(entry), 0) > MAX_BYTES) throw tooLarge();
    const results = entries.map((entry) => {
      const read = readEntry(entry, { region, accountId, now: clock.now() });
      if ('ErrorCode' in read) return read;
      // EventBridge accepts events for any bus, and drops those for unknown buses.
      if (!buses.put(read.bus, read.event))
        log.warn(`There is no event bus ${read.bus}; the event is dropped`);
      return { EventId: read.id };
    });
    return {
      FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length,
      Entries: results,
    };
  }

  #bus(name = 'default'): EventBus {
    const bus = this.#options.buses.find(name);
    if (!bus) throw new JsonServiceError('ResourceNotFoundException', `Event bus ${name} does not exist.`);
    return bus;
  }

  #targets(input: JsonObject): JsonObject[] {
    const name = textAt(input, 'Rule') ?? '';
    const rule = this.#bus(textAt(input, 'EventBusName')).rules.find(({ ruleName }) => ruleName === name);
    if (!rule)
      throw new JsonServiceError('ResourceNotFoundException', `Rule ${name} does not exist on EventBus.`);
    return rule.targets.map(({ arn }, index) => ({ Id: `Target${index}`, Arn: arn }));
  }
}

function busJson({ name, busArn }: EventBus): JsonObject {
  return { Name: name, Arn: busArn };
}

function ruleJson({ ruleName, ruleArn, pattern }: EventRule): JsonObject {
  return { Name: ruleName, Arn: ruleArn, EventPattern: JSON.stringify(pattern), State: 'ENABLED' };
}

function testPattern(input: JsonObject): boolean {
  const [pattern, event] = ['EventPattern', 'Event'].map((name) => json(textAt(input, name) ?? ''));
  if (!isObject(pattern)) throw invalidPattern('it is not a JSON object');
  if (!isObject(event)) throw new JsonServiceError('ValidationException', 'Parameter Event is not valid.');
  try {
    return new EventPattern(pattern).matches(event);
  } catch (error) {
    if (error instanceof PatternError) throw invalidPattern(error.message);
    throw error;
  }
}

function invalidPattern(reason: string): JsonServiceError {
  return new JsonServiceError(
    'InvalidEventPatternException',
    `Event pattern is not valid. Reason: ${reason}`,
  );
}

function json(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function tooLarge(): JsonServiceError {
  return new JsonServiceError(
    'ValidationException',
    `Total size of the entries in the request is over the limit of ${MAX_BYTES} bytes.`,
  );
}
