/** Clients' messages become items of a table, whose stream runs the function that pushes. */
import { CfnOutput } from 'aws-cdk-lib';
import { StreamViewType } from 'aws-cdk-lib/aws-dynamodb';
import { FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Construct } from 'constructs';
import { PushStack } from '../push-stack';

export class PushFromStream extends PushStack {
  constructor(scope: Construct) {
    super(scope, 'PushFromStream', 'stream');
    const messages = this.table('Messages', StreamViewType.NEW_IMAGE);
    this.push.addEventSource(
      new DynamoEventSource(messages, {
        ...{ startingPosition: StartingPosition.LATEST, retryAttempts: 2, bisectBatchOnError: true },
        filters: [FilterCriteria.filter({ eventName: FilterRule.isEqual('INSERT') })],
      }),
    );
    messages.grantWriteData(this.message);
    this.message.addEnvironment('MESSAGES', messages.tableName);
    new CfnOutput(this, 'MessageTable', { value: messages.tableName });
  }
}
