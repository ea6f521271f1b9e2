/** A service for Centrifuge clients that uses the whole protocol. */
import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { bundleFunctions } from '../../../infra/bundle';
import { WebSocketService } from '../../../infra/websocket-service';
import { SECRET } from './lobby/secret';

bundleFunctions(__dirname, ['lobby']);

const app = new App();
const stack = new Stack(app, 'Realtime');
const lobby = new WebSocketService(stack, 'Lobby', {
  entry: 'lobby',
  allowedOrigins: ['http://127.0.0.1:*'],
  environment: { TOKEN_SECRET: SECRET },
});
new CfnOutput(stack, 'LobbyTable', { value: lobby.connections.tableName });
app.synth();
