/** The chat's wire protocol: JSON text frames with PascalCase keys, as in InterSystems' tutorial. */
import type { Position } from '../../lib';
import { quoted, shown } from '../quoted-values';

/** What a client sends. */
export type ClientMessage =
  /** `user` as it was sent. */
  | { kind: 'alias'; user: string }
  | { kind: 'line'; message: string }
  /** `after`: the last line that the client has. */
  | { kind: 'history'; count: number; after?: Position }
  | { kind: 'ping' };

export interface ChatLine {
  /** Base64 of UTF-8 text from current clients, or of Latin-1 text from old ones. Passed on unchanged. */
  Message: string;
  Author: string;
  /** `YYYY-MM-DD hh:mm:ss`, UTC. */
  Sent: string;
  /** Unique. The number after the point grows with each line. */
  Id: string;
}

/** What the chat sends. */
export type ServerMessage =
  | { Type: 'Status'; Message: string; WSID: string }
  | ({ Type: 'Chat' } & ChatLine)
  /** `More` is how many users are online in addition to the list. `Revision` grows with each list. */
  | { Type: 'userlist'; Users: { User: string }[]; More?: number; Revision: number }
  /** `More` means that lines newer than the client's last one did not fit. */
  | { Type: 'History'; Messages: ChatLine[]; More?: true }
  | { Type: 'Error'; Message: string };

export const MAX_HISTORY = 100;

/** A frame that breaks the protocol. The message goes to its sender. */
export class ChatProtocolError extends Error {}

/** @throws ChatProtocolError with the key, the rule and the value */
export function parseClientMessage(text: string): ClientMessage {
  const frame = parseObject(text);
  if ('Ping' in frame) return { kind: 'ping' };
  if ('History' in frame) {
    const count = historyCount(frame.History);
    return 'After' in frame
      ? { kind: 'history', count, after: place(frame.After) }
      : { kind: 'history', count };
  }
  if ('Message' in frame) return { kind: 'line', message: line(frame.Message, frame.Author) };
  // The tutorial's page sends {} for the word "alias" alone.
  if ('User' in frame || Object.keys(frame).length === 0) return { kind: 'alias', user: alias(frame.User) };
  throw new ChatProtocolError(
    `The keys ${Object.keys(frame).slice(0, 5).map(quoted).join(', ')} are unknown. Send {"User"}, {"Message","Author"}, {"History"} or {"Ping"}.`,
  );
}

function parseObject(text: string): Record<string, unknown> {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    throw new ChatProtocolError(`The message is not JSON: ${quoted(text)}.`);
  }
  if (typeof frame !== 'object' || frame === null || Array.isArray(frame)) {
    throw new ChatProtocolError(`The message must be a JSON object, not ${quoted(text)}.`);
  }
  return frame as Record<string, unknown>;
}

function historyCount(value: unknown): number {
  if (!Number.isInteger(value) || (value as number) < 1) {
    throw new ChatProtocolError(
      `History must be a whole number from 1 to ${MAX_HISTORY}, not ${shown(value)}.`,
    );
  }
  return Math.min(value as number, MAX_HISTORY);
}

/** The position in the log of the line with this Id. */
function place(id: unknown): Position {
  const [, epoch, offset] = (typeof id === 'string' && /^([\w-]{1,64})\.(\d{1,15})$/.exec(id)) || [];
  if (epoch === undefined) {
    throw new ChatProtocolError(`After must be the Id of a line, not ${shown(id)}.`);
  }
  return { epoch, offset: Number(offset) };
}

function line(message: unknown, author: unknown): string {
  if (typeof message !== 'string') {
    throw new ChatProtocolError(`Message must be text in base64, not ${shown(message)}.`);
  }
  if (author !== undefined && typeof author !== 'string') {
    throw new ChatProtocolError(`Author must be text, not ${shown(author)}.`);
  }
  if (message === '' || message.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(message)) {
    throw new ChatProtocolError(`Message must be text in base64, not ${shown(message)}.`);
  }
  return message;
}

function alias(value: unknown): string {
  if (value === undefined) return '';
  if (typeof value !== 'string') throw new ChatProtocolError(`User must be text, not ${shown(value)}.`);
  return value;
}

/** `YYYY-MM-DD hh:mm:ss` in UTC. This format sorts by time, and old clients show it unchanged. */
export function sentAt(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ');
}

export function toBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
