/**
 * The form that some server libraries still use: commands with `method` and `params`, one a line, posted to `/api`
 * itself, and one reply a line.
 * Source: gocent 3 sends it; Centrifugo 6 still takes it.
 */

import { inTurns } from '../../delivery/in-turns';
import { isObject } from '../json-object';
import type { ApiMethods } from './api-methods';

const MOST_COMMANDS = 1_000;

/** `undefined` for a body that is no such thing. */
export async function oldFormReplies(body: string, methods: ApiMethods): Promise<string | undefined> {
  const commands = commandsIn(body);
  if (!commands) return undefined;
  const replies = await inTurns(commands, 1, async ({ id, method, params = {} }) => {
    const answer = await methods.run(String(method ?? ''), params);
    return JSON.stringify({ ...(Number.isInteger(id) && { id }), ...answer });
  });
  return replies.join('\n');
}

function commandsIn(body: string): Record<string, unknown>[] | undefined {
  const lines = body.split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0 || lines.length > MOST_COMMANDS) return undefined;
  try {
    const commands: unknown[] = lines.map((line) => JSON.parse(line));
    return commands.every(isObject) ? commands : undefined;
  } catch {
    return undefined;
  }
}
