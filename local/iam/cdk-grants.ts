/** The CDK's grants, which the log suggests when an action is denied. */

/** Code by action in lower case. `fn` stands for the function. */
const GRANTS: ReadonlyMap<string, string> = new Map([
  ...each('dynamodb', 'table.grantReadData(fn)', [
    ...['BatchGetItem', 'ConditionCheckItem', 'DescribeTable', 'GetItem', 'Query', 'Scan'],
  ]),
  ...each('dynamodb', 'table.grantWriteData(fn)', ['BatchWriteItem', 'DeleteItem', 'PutItem', 'UpdateItem']),
  ...each('dynamodb', 'table.grantStreamRead(fn)', ['DescribeStream', 'GetRecords', 'GetShardIterator']),
  ...each('dynamodb', 'table.grantTableListStreams(fn)', ['ListStreams']),
  ...each('execute-api', 'stage.grantManagementApiAccess(fn) or webSocketApi.grantManageConnections(fn)', [
    'ManageConnections',
  ]),
  ...each('execute-api', 'method.grantExecute(fn), or httpRoute.grantInvoke(fn) for an HTTP API', ['Invoke']),
  ...each('lambda', 'other.grantInvoke(fn)', ['InvokeFunction']),
  ...each('lambda', 'functionUrl.grantInvokeUrl(fn)', ['InvokeFunctionUrl']),
  ...each('s3', 'bucket.grantRead(fn)', ['GetObject', 'GetObjectVersion', 'ListBucket', 'GetBucketLocation']),
  ...each('s3', 'bucket.grantPut(fn)', ['PutObject', 'PutObjectTagging', 'AbortMultipartUpload']),
  ...each('s3', 'bucket.grantPutAcl(fn)', ['PutObjectAcl']),
  ...each('s3', 'bucket.grantDelete(fn)', ['DeleteObject']),
  ...each('sqs', 'queue.grantSendMessages(fn)', ['SendMessage', 'GetQueueUrl', 'GetQueueAttributes']),
  ...each('sqs', 'queue.grantConsumeMessages(fn)', [
    'ReceiveMessage',
    'DeleteMessage',
    'ChangeMessageVisibility',
  ]),
  ...each('sqs', 'queue.grantPurge(fn)', ['PurgeQueue']),
  ...each('sns', 'topic.grantPublish(fn)', ['Publish']),
  ...each('events', 'bus.grantPutEventsTo(fn)', ['PutEvents']),
  ...each('ssm', 'parameter.grantRead(fn)', ['GetParameter', 'GetParameters']),
  ...each('secretsmanager', 'secret.grantRead(fn)', ['GetSecretValue', 'DescribeSecret']),
]);

/** CDK code that allows a function the action. */
export function grantFor(action: string, resource: string): string {
  const known = GRANTS.get(action.toLowerCase());
  if (known !== undefined && !resource.endsWith('/$connect')) return known;
  if (action.startsWith('dynamodb:') && resource !== '*') return `table.grant(fn, '${action}')`;
  return `fn.addToRolePolicy(new PolicyStatement({ actions: ['${action}'], resources: ['${resource}'] }))`;
}

function each(service: string, grant: string, actions: string[]): [string, string][] {
  return actions.map((action) => [`${service}:${action}`.toLowerCase(), grant]);
}
