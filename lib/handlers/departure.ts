/** Runs the hooks of a connection that has closed, each on an object of its own. */
import { identityOf } from '../connections/identity';
import type { Departure, DepartureHooks } from '../departures/settlement';
import { SETTLEMENT_LEASE_MILLISECONDS } from '../departures/settlement-store';
import { UserConnections } from '../limits/user-connections';
import type { ServerContext } from '../server/server-context';
import { Service } from '../service';
import { deadlineOf } from './deadline';
import type { LambdaContext } from './events';
import type { ServiceFunction } from './service-function';

export function departureHooks(shared: ServiceFunction, context: LambdaContext): DepartureHooks {
  const { ServerClass } = shared;
  return {
    async onPostServer(departure) {
      const server = new ServerClass(serverContext('onPostServer', departure, shared, context));
      await server.onPostServer(departure.closeCode, departure.closeReason);
    },
    async onLeft(departure, channels) {
      const { service, member } = serverContext('onPostServer', departure, shared, context);
      const { connection } = departure;
      const { countedUser, webSocketId } = connection;
      if (countedUser !== undefined) await userConnections(shared).leave(countedUser, webSocketId);
      await service.presence.left(member, channels);
    },
    async onSessionEnd(departure) {
      await new ServerClass(serverContext('onSessionEnd', departure, shared, context)).onSessionEnd();
    },
  };
}

function serverContext(
  hook: ServerContext['hook'],
  { connection, member }: Departure,
  { backend, serviceName, serverFunction, ServerClass: serverClass }: ServiceFunction,
  context: LambdaContext,
): ServerContext {
  const now = backend.clock.now();
  // Work that outlasts the lease would run twice, because the sweep takes over then.
  const leaseUntil = (connection.leaseUntil ?? now + SETTLEMENT_LEASE_MILLISECONDS) - 5_000;
  const deadline = Math.min(deadlineOf(context, backend.clock), leaseUntil);
  const { webSocketId, callbackUrl, acceptedAt, sessionId, attributes } = connection;
  return {
    hook,
    service: new Service(serviceName, { backend, serverFunction, serverClass, deadline }),
    member: {
      ...{ webSocketId, callbackUrl, acceptedAt, serverFunction, service: serviceName, left: true },
      ...member,
      ...identityOf(connection),
    },
    ...{ sessionId, attributes },
    requestTime: now,
  };
}

export function userConnections({ backend, serviceName, limits }: ServiceFunction): UserConnections {
  return new UserConnections(backend.table, backend.clock, serviceName, limits.perUser.connections);
}
