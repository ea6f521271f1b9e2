/** Runs `onPostServer` of a departed connection, on an object of its own. */
import { SETTLEMENT_LEASE_MILLISECONDS } from '../connection-store';
import { Service } from '../service';
import type { Departure } from '../settlement';
import { deadlineOf } from './deadline';
import type { LambdaContext } from './events';
import type { ServiceFunction } from './service-function';

export function onPostServer(
  { ServerClass, backend, serviceName, serverFunction }: ServiceFunction,
  context: LambdaContext,
): (departure: Departure) => Promise<void> {
  return async ({ connection, member, closeCode, closeReason }) => {
    const now = backend.clock.now();
    // Work that outlasts the lease would be done twice: the sweep takes over then.
    const leaseUntil = (connection.leaseUntil ?? now + SETTLEMENT_LEASE_MILLISECONDS) - 5_000;
    const deadline = Math.min(deadlineOf(context, backend.clock), leaseUntil);
    const { webSocketId, callbackUrl, acceptedAt, sessionId, attributes } = connection;
    const server = new ServerClass({
      hook: 'onPostServer',
      service: new Service(serviceName, { backend, serverFunction, deadline }),
      member: member ?? {
        ...{ webSocketId, callbackUrl, acceptedAt, serverFunction },
        service: serviceName,
        left: true,
      },
      sessionId,
      attributes,
      requestTime: now,
    });
    await server.onPostServer(closeCode, closeReason);
  };
}
