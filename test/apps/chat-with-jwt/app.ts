/** The chat, for users with a token from an issuer. Browsers send the token as a subprotocol. */
import { App, Stack } from 'aws-cdk-lib';
import { bundleFunctions } from '../../../infra/bundle';
import { WebSocketService } from '../../../infra/websocket-service';

bundleFunctions(__dirname, ['chat']);

/** Tests may set these. */
const { CHAT_ISSUER = 'https://login.example', CHAT_TOKEN_FROM } = process.env;

const app = new App();
new WebSocketService(new Stack(app, 'ChatWithJwt'), 'Chat', {
  entry: 'chat',
  jwt: { issuer: CHAT_ISSUER, audience: 'chat', from: CHAT_TOKEN_FROM === 'query' ? 'query' : 'subprotocol' },
});
app.synth();
