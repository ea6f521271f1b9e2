/** The permission to post to connections of one stage, look them up and close them. */
import { type CfnElement, Stack } from 'aws-cdk-lib';
import type { WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { acknowledge } from './acknowledgement';

/** The methods of the management API that the library calls. */
const MANAGEMENT_METHODS = ['POST', 'GET', 'DELETE'];

export function grantManagement(
  { api, stageName }: WebSocketStage,
  grantee: IGrantable,
  methods = MANAGEMENT_METHODS,
): void {
  const stack = Stack.of(api);
  const apiName = stack.getLogicalId(api.node.defaultChild as CfnElement);
  for (const method of methods) {
    acknowledge(
      grantee.grantPrincipal,
      `IAM5[Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<${apiName}>/${stageName}/${method}/@connections/*]`,
      'API Gateway chooses connection ids, and a service uses all of its own connections: one stage of one API, and only the methods that are called.',
    );
  }
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ['execute-api:ManageConnections'],
      resources: methods.map((method) =>
        stack.formatArn({
          service: 'execute-api',
          resource: api.apiId,
          resourceName: `${stageName}/${method}/@connections/*`,
        }),
      ),
    }),
  );
}
