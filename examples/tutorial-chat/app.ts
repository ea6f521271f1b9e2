import { App, Duration, Stack } from 'aws-cdk-lib';
import { bundleFunctions, WebSocketService } from 'shared-connection/infra';

bundleFunctions(__dirname, ['chat']);

const app = new App();
const stack = new Stack(app, 'TutorialChat');
new WebSocketService(stack, 'Service', {
  entry: 'chat',
  // Server() reads in a loop that continues in one invocation after another. A longer timeout means fewer handovers.
  serverTimeout: Duration.minutes(15),
});
app.synth();
