/** The app: the services, each with its own connection table, and the bucket of incoming files. */
import { join } from 'node:path';
import { Annotations, App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { bundleFunctions } from './bundle';
import { checkWithCdkNag } from './cdk-nag';
import { contextFlag } from './context-flag';
import { Credentials } from './credentials';
import { IncomingFiles } from './incoming-files';
import { bundlePageLibraries } from './page-libraries';
import { RealtimeService } from './realtime-service';
import { WebSocketService } from './websocket-service';

bundleFunctions(join(__dirname, '..'), [
  'functions/chat',
  'functions/echo',
  'functions/echo-shared',
  'functions/notifications',
  'functions/ingest',
  'functions/rooms',
]);
bundlePageLibraries(join(__dirname, '..'), ['centrifuge']);

const app = new App();
const stack = new Stack(app, 'SharedConnection', {
  description: 'WebSockets that any process can open by their id',
});

// The origin of your page, such as https://example.com. Pages on the developer's own machine may always connect
// there.
const allowedOrigins: string[] = [];

const chat = new WebSocketService(stack, 'Chat', { entry: 'functions/chat', allowedOrigins });

const echo = new WebSocketService(stack, 'Echo', {
  entry: 'functions/echo',
  allowedOrigins,
  // One invocation owns a dedicated socket for as long as Lambda allows, and then hands over.
  serverTimeout: Duration.minutes(15),
});

const echoShared = new WebSocketService(stack, 'EchoShared', {
  entry: 'functions/echo-shared',
  allowedOrigins,
});

// Who may receive the notifications: `--context credentials=…` or, for everybody, `--context open=true`, or the
// context in cdk.json.
const source: string | undefined = app.node.tryGetContext('credentials');
const credentials = source ? new Credentials(source) : undefined;
const isOpen = contextFlag(app, 'open');
if (credentials && isOpen) {
  throw new Error(
    'The context has both credentials and open=true. Only one of them can say who may receive the notifications. Remove the other.',
  );
}

const notifications = new WebSocketService(stack, 'Notifications', {
  entry: 'functions/notifications',
  allowedOrigins,
  environment: { ...credentials?.environment, ...(isOpen && { OPEN_TO_EVERYBODY: 'true' }) },
});
credentials?.grantRead(notifications.functions.routes);
if (!credentials && !isOpen) {
  Annotations.of(notifications).addWarningV2(
    'shared-connection:nobodyMayHear',
    'Once deployed, the notifications refuse every connection, because the context does not say who may receive them. Pass --context credentials=ARN (a secret with users), or --context open=true for everybody.',
  );
}

const rooms = new RealtimeService(stack, 'Rooms', {
  entry: 'functions/rooms',
  allowedOrigins,
  tokens: { secret: 'generate' },
  httpApi: true,
});

const incoming = new IncomingFiles(stack, 'Incoming', { entry: 'functions/ingest', service: notifications });

new CfnOutput(stack, 'IncomingBucket', {
  description: 'Files here are announced to everyone who listens to the notifications',
  value: incoming.bucketName,
});

for (const service of [chat, echo, echoShared, notifications, rooms]) {
  new CfnOutput(stack, `${service.node.id}Table`, {
    description: `The CONNECTION_TABLE of processes that open connections of ${service.serviceName}`,
    value: service.connections.tableName,
  });
}

if (contextFlag(app, 'nag')) checkWithCdkNag(app);

app.synth();
