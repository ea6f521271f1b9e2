/** Asks a service's own function to do something later: Lambda's asynchronous invocation, delivered at least once. */
import type { MemberKey } from '../connections/connection-items';

export interface Invoker {
  /** Returns when the request has been queued. */
  invoke(functionName: string, request: ServiceRequest): Promise<void>;
}

/** What a service's `server` function understands. */
export type ServiceRequest =
  /** Run `server()` for a connection, once its handshake has finished. */
  | { type: 'server'; webSocketId: string }
  /** These were found gone: make sure, and settle their departures. */
  | { type: 'settle'; members: MemberKey[] }
  /** Look for departures that nobody was told of, and do the upkeep. Sent by a schedule. */
  | { type: 'sweep' }
  /** Do what the service does from time to time, such as repairing its user list. */
  | { type: 'upkeep' };
