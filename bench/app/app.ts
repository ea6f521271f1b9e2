/** The app that the benchmark puts under load: a service with plain handlers, and one with the library. */
import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { LogGroupLogDestination, WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { bundleFunctions } from '../../infra/bundle';
import { ConnectionTable } from '../../infra/connection-table';
import { WebSocketService } from '../../infra/websocket-service';

bundleFunctions(__dirname, ['plain', 'library', 'inbox', 'dedicated', 'realtime', 'room', 'sdk-alone']);

const app = new App();
const stack = new Stack(app, 'Bench');

const plainFunction = new LambdaFunction(stack, 'PlainFunction', {
  runtime: Runtime.NODEJS_24_X,
  code: Code.fromAsset('build/plain'),
  handler: 'index.handler',
  memorySize: 256,
});
const plain = new WebSocketApi(stack, 'Plain');
for (const routeKey of ['$connect', '$default', '$disconnect', 'two-way']) {
  plain.addRoute(routeKey, {
    integration: new WebSocketLambdaIntegration('Plain', plainFunction),
    returnResponse: routeKey === 'two-way',
  });
}
const stage = new WebSocketStage(stack, 'PlainStage', {
  webSocketApi: plain,
  stageName: 'plain',
  autoDeploy: true,
});
stage.grantManagementApiAccess(plainFunction);
/** The same, with every option of a stage that costs time for each message. */
const checked = new WebSocketStage(stack, 'CheckedStage', {
  webSocketApi: plain,
  stageName: 'checked',
  autoDeploy: true,
  throttle: { rateLimit: 10_000, burstLimit: 5_000 },
  accessLogSettings: {
    destination: new LogGroupLogDestination(new LogGroup(stack, 'AccessLog')),
    format: AccessLogFormat.custom(
      '$context.requestId $context.connectionId $context.routeKey $context.status $context.integrationLatency',
    ),
  },
});
checked.grantManagementApiAccess(plainFunction);

const connections = new ConnectionTable(stack, 'Connections');
const throttle = { rateLimit: 10_000, burstLimit: 5_000 };
const library = new WebSocketService(stack, 'Library', { entry: 'library', connections, throttle });
for (const entry of ['inbox', 'dedicated', 'room'])
  new WebSocketService(stack, entry, { entry, connections, throttle });
new WebSocketService(stack, 'realtime', {
  ...{ entry: 'realtime', connections, throttle },
  environment: { TOKEN_SECRET: 'bench' },
});

new CfnOutput(stack, 'ConnectionTable', { value: connections.tableName });
new CfnOutput(stack, 'LibraryFunction', { value: library.functions.routes.functionName });
app.synth();
