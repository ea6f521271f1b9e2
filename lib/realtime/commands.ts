/** Reads a client's frame: one or more commands in JSON, separated by line feeds. */
import { assertClientChannel } from '../channels/client-requests';
import { isObject } from './json-object';
import type { Command } from './protocol';
import { PUBLISH_IN_PARTS } from './publication-parts';
import { disconnections } from './realtime-errors';

export const METHODS = [
  'connect',
  'subscribe',
  'unsubscribe',
  'publish',
  'presence',
  'presence_stats',
  'history',
  'ping',
  'send',
  'rpc',
  'refresh',
  'sub_refresh',
] as const;
export type Method = (typeof METHODS)[number];

const WITH_CHANNEL: ReadonlySet<Method> = new Set([
  'subscribe',
  'unsubscribe',
  'publish',
  'presence',
  'presence_stats',
  'history',
  'sub_refresh',
]);

/** One command, with the name and the members of its request. */
export interface NamedCommand {
  id: number | undefined;
  method: Method;
  command: Command;
}

/**
 * The commands of a frame, without empty ones, which are clients' responses to a ping.
 * @throws Disconnection for what is not in the protocol: a client that sends it would send it again
 */
export function commandsIn(frame: string, most = Number.POSITIVE_INFINITY): NamedCommand[] {
  const texts = frame.split('\n').filter((text) => text.trim() !== '');
  if (texts.length > most) throw disconnections.badRequest(`more than ${most} commands in a frame`);
  return texts.map(parsed).filter((command) => command !== undefined);
}

function parsed(text: string): NamedCommand | undefined {
  let command: unknown;
  try {
    command = JSON.parse(text);
  } catch {
    throw disconnections.badRequest('a command is not JSON');
  }
  if (!isObject(command)) throw disconnections.badRequest('a command is not an object');
  if (Object.keys(command).length === 0) return undefined;
  const { id } = command;
  const method = METHODS.find((name) => isObject(command[name]));
  if (method === undefined) throw disconnections.badRequest('a command names no method');
  const isNumbered = Number.isInteger(id) && (id as number) > 0;
  if (!isNumbered && (method !== 'send' || id !== undefined))
    throw disconnections.badRequest(`the id of ${method} is not a whole number above 0`);
  return { id: id as number | undefined, method, command: command as Command };
}

const SUBSCRIPTIONS_OF_A_MESSAGE = 10;
/** A part of a publication is stored, and a row of 32 KB costs as much as twenty messages. The last one publishes all. */
const MESSAGES_OF_A_PART = 10;

/** The name of the procedure that an `rpc` calls. What is not a text names none. */
export function procedureOf({ rpc }: Command): string {
  const name: unknown = rpc?.method;
  return typeof name === 'string' ? name : '';
}

/** Whatever its length: a short one may publish everything that came before. One that is alone is like `publish`. */
function isPart(command: Command): boolean {
  if (procedureOf(command) !== PUBLISH_IN_PARTS) return false;
  const data = command.rpc?.data;
  return !(isObject(data) && data.of === 1);
}

/** How many messages a frame counts as, for the limits of the connection. What is not in the protocol counts, too. */
export function costOf(frame: string): number {
  let messages = 0;
  let subscriptions = 0;
  for (const text of frame.split('\n')) {
    if (text.trim() === '') continue;
    const { method, command } = commandIn(text) ?? {};
    if (method === 'subscribe') subscriptions += 1;
    else messages += command && isPart(command) ? MESSAGES_OF_A_PART : 1;
  }
  return Math.max(1, messages + Math.ceil(subscriptions / SUBSCRIPTIONS_OF_A_MESSAGE));
}

function commandIn(text: string): NamedCommand | undefined {
  try {
    return parsed(text);
  } catch {
    return undefined;
  }
}

/** The ids of commands in a frame that can be answered, even if the rest of the frame is invalid. */
export function idsIn(frame: string): number[] {
  try {
    return commandsIn(frame).flatMap(({ id }) => (id === undefined ? [] : [id]));
  } catch {
    return [];
  }
}

/** @throws ClientError for a request whose channel is not one */
export function assertHasChannel({ method, command }: NamedCommand): void {
  if (WITH_CHANNEL.has(method)) assertClientChannel((command[method] as { channel?: unknown }).channel);
}
