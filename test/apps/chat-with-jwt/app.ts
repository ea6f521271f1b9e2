/** The chat, for those who have a token of an issuer: browsers send it as a subprotocol. */
import { App, Stack } from 'aws-cdk-lib';
import { bundleFunctions } from '../../../infra/bundle';
import { WebSocketService } from '../../../infra/websocket-service';

bundleFunctions(__dirname, ['chat']);

const app = new App();
new WebSocketService(new Stack(app, 'ChatWithJwt'), 'Chat', {
  entry: 'chat',
  jwt: { issuer: 'https://login.example', audience: 'chat', from: 'subprotocol' },
});
app.synth();
