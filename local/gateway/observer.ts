/** What the gateway tells as it happens, to whoever watches: one call for each handshake, message, answer, post and end. */
import type { CloseCause } from './close-codes';
import type { Connection } from './connection';

export interface GatewayObserver {
  opened(connection: Connection): void;
  /** A handshake that got something other than 101. `path` is without its query, which may contain a token. */
  refused(handshake: { path: string; sourceIp: string; status: number }): void;
  closed(connection: Connection, cause: CloseCause): void;
  /** Before its route runs. */
  received(connection: Connection, message: { routeKey: string; text: string }): void;
  /** Only if the route has a response for the client, or has failed. */
  answered(connection: Connection, answer: Answered): void;
  /** A call of @connections. */
  called(call: ManagementCall): void;
}

export interface Answered {
  routeKey: string;
  /** What it would be over HTTP. */
  status: number;
  frame?: string | undefined;
  latencyMillis: number;
}

export interface ManagementCall {
  method: string;
  connectionId: string;
  stageName: string;
  /** Missing if there was no answer before the caller gave up. */
  status?: number;
  /** Of a POST. */
  body?: Buffer;
}

export const NO_OBSERVER: GatewayObserver = {
  opened() {},
  refused() {},
  closed() {},
  received() {},
  answered() {},
  called() {},
};
