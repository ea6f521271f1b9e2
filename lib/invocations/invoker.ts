/**
 * Asks a service's own function to do something later, by Lambda's asynchronous invocation. Delivered at least once.
 */
import type { MemberKey } from '../connections/connection-items';
import type { Share } from '../fan-out/shares';

export interface Invoker {
  /** Returns when Lambda has queued the request. */
  invoke(functionName: string, request: ServiceRequest): Promise<void>;
}

/** The requests of a service's `server` function. */
export type ServiceRequest =
  /** Runs `server()` for a connection, after its handshake. */
  | { type: 'server'; webSocketId: string }
  /** Cleans up these connections, which got a 410, after a check. */
  | { type: 'settle'; members: MemberKey[] }
  /** Delivers to a share of a large channel. */
  | { type: 'deliver'; share: Share }
  /** Looks for departures that no event reported, and does the upkeep. Sent by a schedule. */
  | { type: 'sweep' }
  /** Does the service's periodic work, such as repairing its user list. */
  | { type: 'upkeep' }
  /** Posts the lines of a channel with a log to the members of this range. */
  | { type: 'post'; channel: string; range: string }
  /** Tells the members of a channel who is in it. */
  | { type: 'presence'; channel: string };
