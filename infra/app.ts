/** The app: the table with the connections, and the services that share it. */
import { join } from 'node:path';
import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { bundleFunctions } from './bundle';
import { ConnectionTable } from './connection-table';
import { Credentials } from './credentials';
import { IncomingFiles } from './incoming-files';
import { WebSocketService } from './websocket-service';

bundleFunctions(join(__dirname, '..'), [
  'functions/chat',
  'functions/echo',
  'functions/echo-shared',
  'functions/notifications',
  'functions/ingest',
]);

const app = new App();
const stack = new Stack(app, 'SharedConnection', {
  description: 'WebSockets that any process may open by their id',
});
const connections = new ConnectionTable(stack, 'Connections');

// Pages on the developer's own machine. Add the origin of your page here.
const allowedOrigins = ['http://localhost:*', 'http://127.0.0.1:*'];

new WebSocketService(stack, 'Chat', { entry: 'functions/chat', connections, allowedOrigins });

new WebSocketService(stack, 'Echo', {
  entry: 'functions/echo',
  connections,
  allowedOrigins,
  // One invocation owns a dedicated socket for as long as Lambda lets it, and then hands over.
  serverTimeout: Duration.minutes(15),
});

new WebSocketService(stack, 'EchoShared', { entry: 'functions/echo-shared', connections, allowedOrigins });

// Who may hear them: `--context credentials=…`, or the context in cdk.json. Without it everybody may.
const source: string | undefined = app.node.tryGetContext('credentials');
const credentials = source ? new Credentials(source) : undefined;

const notifications = new WebSocketService(stack, 'Notifications', {
  entry: 'functions/notifications',
  connections,
  allowedOrigins,
  ...(credentials && { environment: credentials.environment }),
});
credentials?.grantRead(notifications.functions.routes);

const incoming = new IncomingFiles(stack, 'Incoming', { entry: 'functions/ingest', service: notifications });

new CfnOutput(stack, 'IncomingBucket', {
  description: 'Everyone at the notifications hears of what is put here',
  value: incoming.bucketName,
});

new CfnOutput(stack, 'ConnectionTable', {
  description: 'The CONNECTION_TABLE of processes that open connections',
  value: connections.tableName,
});

app.synth();
