/** Errors of clients' channel requests, in words for those clients. */
import { ClientError } from '../messages/client-error';
import { isChannelName } from './channel-names';

/** @throws ClientError for an invalid channel name, of whatever type the client sent it */
export function assertClientChannel(channel: unknown): asserts channel is string {
  if (typeof channel === 'string' && isChannelName(channel)) return;
  throw new ClientError(
    'InvalidChannel',
    'A channel name must have 1 to 128 letters, digits, "_", "-", ".", ":" and "/".',
    { status: 400 },
  );
}

export function forbidden(what: string, channel: string): ClientError {
  return new ClientError('Forbidden', `You may not ${what} the channel ${channel}.`);
}
