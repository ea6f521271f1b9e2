/** What clients ask of channels is refused in words for them. */
import { ClientError } from '../messages/client-error';
import { isChannelName } from './channel-store';

/** @throws ClientError for a name that no channel can have, of whatever type the client sent it */
export function assertClientChannel(channel: unknown): asserts channel is string {
  if (typeof channel === 'string' && isChannelName(channel)) return;
  throw new ClientError(
    'InvalidChannel',
    'A channel is named by 1 to 128 letters, digits, "_", "-", ".", ":" and "/".',
    { status: 400 },
  );
}

export function forbidden(what: string, channel: string): ClientError {
  return new ClientError('Forbidden', `You may not ${what} the channel ${channel}.`);
}
