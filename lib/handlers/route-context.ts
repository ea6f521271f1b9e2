/** What a server object gets for an event of `$connect` or `$default`. */
import type { Member } from '../connections/connection-items';
import type { KnownIdentity } from '../connections/identity';
import type { ServerContext } from '../server/server-context';
import { Service } from '../service';
import { deadlineOf } from './deadline';
import type { ConnectEvent, LambdaContext, MessageEvent } from './events';
import type { ServiceFunction } from './service-function';

export function routeContext(
  shared: ServiceFunction,
  hook: ServerContext['hook'],
  event: ConnectEvent | MessageEvent,
  context: LambdaContext,
  sessionId: string,
  identity: KnownIdentity,
): ServerContext {
  const { backend, serviceName, serverFunction, ServerClass: serverClass } = shared;
  const { connectionId, domainName, stage, connectedAt, requestTimeEpoch } = event.requestContext;
  const member: Member = {
    webSocketId: connectionId,
    callbackUrl: shared.callbackUrl ?? `https://${domainName}/${stage}`,
    service: serviceName,
    serverFunction,
    acceptedAt: connectedAt,
    left: false,
    ...identity,
  };
  return {
    hook,
    event,
    member,
    service: new Service(serviceName, {
      ...{ backend, serverFunction, serverClass },
      deadline: deadlineOf(context, backend.clock),
    }),
    sessionId,
    attributes: {},
    requestTime: requestTimeEpoch,
  };
}
