/**
 * The input that a target receives: the whole event, a part of it, constant JSON, or a filled-in template.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
 */
import { JSONPath } from 'jsonpath-plus';
import type { EventInput } from '../assembly/model';
import type { Json } from '../assembly/values/json';
import { MISSING_VARIABLE } from '../messaging/assumptions';
import { DeliveryError } from '../messaging/destinations';

export interface RuleContext {
  ruleArn: string;
  ruleName: string;
  /** When the event arrived. */
  ingestedAt: string;
}

/** @throws {DeliveryError} if the filled-in template is not JSON */
export function inputFor(input: EventInput | undefined, event: string, context: RuleContext): string {
  if (input === undefined) return event;
  if (input.kind === 'constant') return input.text;
  if (input.kind === 'path') return JSON.stringify(find(input.path, JSON.parse(event)) ?? {});
  return fill(input.template, variables(input.paths, event, context));
}

function variables(paths: Record<string, string>, event: string, context: RuleContext): Map<string, Json> {
  const parsed: Json = JSON.parse(event);
  const found = new Map<string, Json>([
    ['aws.events.rule-arn', context.ruleArn],
    ['aws.events.rule-name', context.ruleName],
    ['aws.events.event.ingestion-time', context.ingestedAt],
    ['aws.events.event.json', parsed],
    ['aws.events.event', withoutDetail(parsed)],
  ]);
  for (const [name, path] of Object.entries(paths)) {
    const value = find(path, parsed);
    if (value !== undefined) found.set(name, value);
  }
  return found;
}

/** Inserts values as JSON, or as text inside a JSON string. */
function fill(template: string, values: Map<string, Json>): string {
  let isInText = false;
  const filled = template.replace(/\\[\s\S]|"|<([\w.-]+)>/g, (whole, name?: string) => {
    if (whole === '"') isInText = !isInText;
    if (name === undefined) return whole;
    const value = values.get(name) ?? MISSING_VARIABLE;
    return isInText ? textWithin(value) : JSON.stringify(value);
  });
  try {
    JSON.parse(filled);
  } catch {
    throw new DeliveryError(
      'INVALID_JSON',
      `The input template does not produce JSON: ${filled.slice(0, 200)}`,
    );
  }
  return filled;
}

function textWithin(value: Json): string {
  return JSON.stringify(typeof value === 'string' ? value : JSON.stringify(value)).slice(1, -1);
}

function find(path: string, event: Json): Json | undefined {
  try {
    const found = JSONPath<Json[]>({ path, json: event as object, wrap: true, eval: false });
    return Array.isArray(found) && found.length > 1 ? found : found?.[0];
  } catch {
    throw new DeliveryError('INVALID_PATH', `The path ${path} is not a JSONPath.`);
  }
}

function withoutDetail(event: Json): Json {
  const { detail, ...rest } = event as { detail?: Json };
  return rest;
}
