import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ConnectionTable, type ConnectionTableProps } from '../../infra/connection-table';

function synthesize(props: ConnectionTableProps = {}): Template {
  const stack = new Stack(new App(), 'Stack');
  new ConnectionTable(stack, 'Connections', props);
  return Template.fromStack(stack);
}

describe('ConnectionTable', () => {
  it('is on demand, with keys and time to live, and is deleted with its stack', () => {
    synthesize().hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Delete',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
      },
    });
  });

  it('is retained and backed up if requested', () => {
    const options = { pointInTimeRecovery: true, removalPolicy: RemovalPolicy.RETAIN };
    synthesize(options).hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      Properties: { PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } },
    });
  });
});
