/**
 * WebSocket APIs whose functions are not written in JavaScript: a chat in Python, and an echo by a `bootstrap` in
 * shell.
 */
import { join } from 'node:path';
import { CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';

export class OtherLanguages extends Stack {
  /**
   * @param hasRouteResponse false for an emulator without route responses, which sends every body that a function
   * returns
   */
  constructor(scope: Construct, hasRouteResponse = true) {
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
    new CfnOutput(this, 'ConnectionTable', { value: connections.tableName });
    const route = () => ({ integration: new WebSocketLambdaIntegration('Chat', chat) });
    const chatApi = new WebSocketApi(this, 'ChatApi', {
      connectRouteOptions: route(),
      disconnectRouteOptions: route(),
      defaultRouteOptions: route(),
    });
    chatApi.grantManageConnections(chat);
    this.#stage('Chat', chatApi);

    const echo = new LambdaFunction(this, 'Echo', {
      runtime: Runtime.PROVIDED_AL2023,
      handler: 'any',
      code: Code.fromAsset(join(__dirname, 'shell')),
      timeout: Duration.seconds(20),
    });
    const echoApi = new WebSocketApi(this, 'EchoApi', {
      defaultRouteOptions: {
        integration: new WebSocketLambdaIntegration('Echo', echo),
        returnResponse: hasRouteResponse,
      },
    });
    this.#stage('Echo', echoApi);
  }

  #stage(name: string, webSocketApi: WebSocketApi): void {
    const stageName = name.toLowerCase();
    const stage = new WebSocketStage(this, `${name}Stage`, { webSocketApi, stageName, autoDeploy: true });
    new CfnOutput(this, `${name}Url`, { value: stage.url });
  }
}
