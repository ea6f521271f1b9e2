/** Guests: clients without a token. They send a name, and a secret that makes them the same guest when they come back. */
import { createHash } from 'node:crypto';
import type { Connected } from '../../lib/realtime';
import { errors } from '../../lib/realtime';
import { ChatProtocolError } from '../chat/messages';
import { nickname } from '../chat/nickname';

/** 128 random bits in base64url have 22 characters. */
const SECRET = /^[\w-]{22,128}$/;

/**
 * The user of a client that connects with `data: { name, secret }`; `undefined` for other clients. The user does not reveal the secret,
 * so nobody else can be the same guest.
 * @throws RealtimeError for an invalid name or secret
 */
export async function guestOf(data: unknown): Promise<Connected | undefined> {
  if (typeof data !== 'object' || data === null || !('secret' in data)) return undefined;
  const { secret, name } = data as { secret: unknown; name?: unknown };
  if (typeof secret !== 'string' || !SECRET.test(secret)) {
    throw errors.badRequest(
      'data.secret must have 22 to 128 letters, digits, "_" and "-", such as 16 random bytes',
    );
  }
  if (typeof name !== 'string' || name.trim() === '') throw errors.badRequest('data.name must be text');
  const user = `guest:${createHash('sha256').update(secret).digest('base64url').slice(0, 22)}`;
  return { user, info: { name: await allowed(name) }, data: { user } };
}

async function allowed(name: string): Promise<string> {
  try {
    return await nickname(name);
  } catch (error) {
    if (error instanceof ChatProtocolError)
      throw errors.badRequest(error.message.replace('User', 'data.name'));
    throw error;
  }
}
