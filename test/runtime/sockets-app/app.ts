/**
 * Sockets of every kind, for tests from the socket to the table: messages go to an inbox, a loop, or a hook, as text
 * or bytes, and some sockets belong to a session.
 */
import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import type { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { bundleFunctions } from '../../../infra/bundle';
import { ConnectionTable } from '../../../infra/connection-table';
import { WebSocketService } from '../../../infra/websocket-service';

/** So short that the loop hands over after a few seconds. The construct would not allow it. */
const LOOP_SECONDS = 14;

const services = ['inbox', 'loop', 'binary', 'sessions'];
bundleFunctions(__dirname, services);

const app = new App();
const stack = new Stack(app, 'Sockets');
const connections = new ConnectionTable(stack, 'Connections');
const allowedOrigins = ['http://localhost:*', 'http://127.0.0.1:*'];
for (const entry of services) {
  const { functions } = new WebSocketService(stack, entry, {
    ...{ entry, connections, allowedOrigins },
    ...(entry === 'sessions' && { sessionCookie: 'sid' }),
  });
  if (entry !== 'loop') continue;
  (functions.server.node.defaultChild as CfnFunction).addPropertyOverride('Timeout', LOOP_SECONDS);
}
new CfnOutput(stack, 'ConnectionTable', { value: connections.tableName });
app.synth();
