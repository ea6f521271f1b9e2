/** Names that snippets of the pages use without declaring them. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { WebSocketService } from '../../infra';
import type { SharedConnection, WebSocketServer } from '../../lib';
import type { ManualClock, TestClient } from '../../lib/testing';

declare global {
  const webSocketId: string;
  const id: string;
  const socket: SharedConnection;

  /** The schema of `examples/rooms`. */
  const messages: StandardSchemaV1<
    unknown,
    | { type: 'join'; room: string; since?: { epoch: string; offset: number } }
    | { type: 'answer'; room: string; choice: number }
  >;

  const stack: Stack;
  const service: WebSocketService;
  const authorize: IFunction;
  const bids: ITable;

  const clock: ManualClock;
  const ada: TestClient;
  /** A class from the page on server classes. */
  class EchoServer extends WebSocketServer {}
  class ListenerServer extends WebSocketServer {}

  function accountOf(token: string | undefined): Promise<{ id: string; name: string } | undefined>;
}
