/** Receives the gateway's events: handshakes, messages, answers, @connections calls and closed connections. */
import type { CloseCause } from './close-codes';
import type { Connection } from './connection';

export interface GatewayObserver {
  opened(connection: Connection): void;
  /** A handshake was refused. `path` excludes the query, which may contain a token. */
  refused(handshake: { path: string; sourceIp: string; status: number }): void;
  closed(connection: Connection, cause: CloseCause): void;
  /** Before its route runs. */
  received(connection: Connection, message: { routeKey: string; text: string }): void;
  /** Only if the client gets a response, or the route has failed. */
  answered(connection: Connection, answer: Answered): void;
  /** @connections was called. */
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
  /** Absent if the caller gave up before there was an answer. */
  status?: number;
  /** The body of a POST. */
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
