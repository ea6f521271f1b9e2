import { App, Stack } from 'aws-cdk-lib';
import { bundleFunctions, ConnectionTable, WebSocketService } from 'shared-connection/infra';

bundleFunctions(__dirname, ['echo']);

const app = new App();
const stack = new Stack(app, 'Echo');
const connections = new ConnectionTable(stack, 'Connections');
new WebSocketService(stack, 'Service', { entry: 'echo', connections });
app.synth();
