import { App, Stack } from 'aws-cdk-lib';
import { bundleFunctions, WebSocketService } from 'shared-connection/infra';

bundleFunctions(__dirname, ['echo']);

const app = new App();
const stack = new Stack(app, 'Echo');
new WebSocketService(stack, 'Service', { entry: 'echo' });
app.synth();
