/** WebSocket APIs whose functions are not in JavaScript: a chat in Python, and an echo by a `bootstrap` in shell. */
import { join } from 'node:path';
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';

export class OtherLanguages extends Stack {
  constructor(scope: Construct) {
    super(scope, 'OtherLanguages');
    const connections = new Table(this, 'Connections', {
      partitionKey: { name: 'id', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const chat = new LambdaFunction(this, 'Chat', {
      runtime: Runtime.PYTHON_3_12,
      handler: 'chat.handler',
      code: Code.fromAsset(join(__dirname, 'python')),
      timeout: Duration.seconds(20),
      environment: { CONNECTIONS: connections.tableName },
    });
    connections.grantReadWriteData(chat);
    const route = () => ({ integration: new WebSocketLambdaIntegration('Chat', chat) });
    const chatApi = new WebSocketApi(this, 'ChatApi', {
      connectRouteOptions: route(),
      disconnectRouteOptions: route(),
      defaultRouteOptions: route(),
    });
    chatApi.grantManageConnections(chat);
    new WebSocketStage(this, 'ChatStage', { webSocketApi: chatApi, stageName: 'chat', autoDeploy: true });

    const echo = new LambdaFunction(this, 'Echo', {
      runtime: Runtime.PROVIDED_AL2023,
      handler: 'any',
      code: Code.fromAsset(join(__dirname, 'shell')),
      timeout: Duration.seconds(20),
    });
    const echoApi = new WebSocketApi(this, 'EchoApi', {
      defaultRouteOptions: {
        integration: new WebSocketLambdaIntegration('Echo', echo),
        returnResponse: true,
      },
    });
    new WebSocketStage(this, 'EchoStage', { webSocketApi: echoApi, stageName: 'echo', autoDeploy: true });
  }
}
