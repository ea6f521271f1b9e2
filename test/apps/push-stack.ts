/**
 * A WebSocket API with a function that pushes to its connections. The push apps differ only in what runs this
 * function.
 */
import { join } from 'node:path';
import { CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import {
  AttributeType,
  BillingMode,
  type ITable,
  type StreamViewType,
  Table,
} from 'aws-cdk-lib/aws-dynamodb';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { bundleFunctions } from '../../infra/bundle';

const ENTRY = 'push-handlers';

let isBundled = false;

/** The stacks share their functions' code. */
function bundleOnce(): void {
  if (!isBundled) bundleFunctions(__dirname, [ENTRY]);
  isBundled = true;
}

export abstract class PushStack extends Stack {
  /** Receives clients' messages. */
  protected readonly message: LambdaFunction;
  /** Posts what it receives to every connection. */
  protected readonly push: LambdaFunction;

  /** `stageName` is also the stack's name in URLs. */
  constructor(scope: Construct, id: string, stageName: string) {
    super(scope, id);
    bundleOnce();
    const connections = this.table('Connections');
    const handler = (name: string) =>
      new LambdaFunction(this, name, {
        ...{
          runtime: Runtime.NODEJS_22_X,
          handler: `index.${name.toLowerCase()}`,
          timeout: Duration.seconds(20),
        },
        ...{ code: Code.fromAsset(join(__dirname, 'build', ENTRY)), memorySize: 256 },
        environment: { CONNECTIONS: connections.tableName },
      });
    const [connect, disconnect] = [handler('Connect'), handler('Disconnect')];
    this.message = handler('Message');
    this.push = handler('Push');
    const route = (name: string, to: LambdaFunction) => ({
      integration: new WebSocketLambdaIntegration(name, to),
    });
    const webSocketApi = new WebSocketApi(this, 'Api', {
      connectRouteOptions: route('Connect', connect),
      disconnectRouteOptions: route('Disconnect', disconnect),
      defaultRouteOptions: route('Message', this.message),
    });
    const stage = new WebSocketStage(this, 'Stage', { webSocketApi, stageName, autoDeploy: true });
    for (const each of [connect, disconnect]) connections.grantWriteData(each);
    connections.grantReadData(this.push);
    stage.grantManagementApiAccess(this.push);
    this.push.addEnvironment('CALLBACK_URL', stage.callbackUrl);
    new CfnOutput(this, 'Url', { value: stage.url });
  }

  /** In the CDK's types, its class and its interface differ in what may be undefined. */
  protected table(id: string, stream?: StreamViewType): ITable {
    return new Table(this, id, {
      partitionKey: { name: 'id', type: AttributeType.STRING },
      ...{ billingMode: BillingMode.PAY_PER_REQUEST, removalPolicy: RemovalPolicy.DESTROY },
      ...(stream && { stream }),
    }) as unknown as ITable;
  }
}
