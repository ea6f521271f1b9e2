/** The app: the table with the connections, and the services that share it. */
import { join } from 'node:path';
import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { bundleFunctions } from './bundle';
import { ConnectionTable } from './connection-table';
import { WebSocketService } from './websocket-service';

bundleFunctions(join(__dirname, '..'), ['functions/chat']);

const app = new App();
const stack = new Stack(app, 'SharedConnection', {
  description: 'WebSockets that any process may open by their id',
});
const connections = new ConnectionTable(stack, 'Connections');

new WebSocketService(stack, 'Chat', {
  entry: 'functions/chat',
  connections,
  // Pages on the developer's own machine. Add the origin of your page here.
  allowedOrigins: ['http://localhost:*', 'http://127.0.0.1:*'],
});

new CfnOutput(stack, 'ConnectionTable', {
  description: 'The CONNECTION_TABLE of processes that open connections',
  value: connections.tableName,
});

app.synth();
