/** Pushes every request to an HTTP API to all connections. */
import { CfnOutput } from 'aws-cdk-lib';
import { HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { Construct } from 'constructs';
import { PushStack } from '../push-stack';

export class PushFromHttp extends PushStack {
  constructor(scope: Construct) {
    super(scope, 'PushFromHttp', 'http');
    const api = new HttpApi(this, 'Http');
    const integration = new HttpLambdaIntegration('Push', this.push);
    api.addRoutes({ path: '/said', methods: [HttpMethod.POST], integration });
    new CfnOutput(this, 'HttpUrl', { value: api.apiEndpoint });
  }
}
