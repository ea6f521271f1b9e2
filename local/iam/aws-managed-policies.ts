/**
 * AWS's managed policies, reduced to the services of the runtime. Source: the AWS Managed Policy Reference Guide. At
 * the start, the runtime lists the app's policies that are missing here.
 */
import type { JsonObject } from '../assembly/values/json';
import { type PolicyStatement, readStatements } from './policy-statement';

const POLICIES: Readonly<Record<string, string[]>> = {
  AdministratorAccess: ['*'],
  PowerUserAccess: ['!iam:*', '!organizations:*', '!account:*'],
  ReadOnlyAccess: readOnly(),
  ViewOnlyAccess: [],
  AWSLambdaBasicExecutionRole: [],
  AWSLambdaBasicDurableExecutionRolePolicy: [],
  AWSLambdaVPCAccessExecutionRole: [],
  AWSLambdaENIManagementAccess: [],
  AWSXRayDaemonWriteAccess: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
  AWSXrayWriteOnlyAccess: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
  CloudWatchLambdaInsightsExecutionRolePolicy: [],
  CloudWatchLambdaApplicationSignalsExecutionRolePolicy: [],
  CloudWatchAgentServerPolicy: ['ssm:GetParameter'],
  CloudWatchLogsFullAccess: [],
  CloudWatchFullAccess: ['sns:*'],
  CloudWatchFullAccessV2: ['sns:CreateTopic', 'sns:ListTopics', 'sns:Subscribe'],
  CloudWatchReadOnlyAccess: ['sns:Get*', 'sns:List*'],
  AWSLambdaKinesisExecutionRole: [],
  AWSLambdaMSKExecutionRole: [],
  AWSLambdaDynamoDBExecutionRole: [
    'dynamodb:DescribeStream',
    'dynamodb:GetRecords',
    'dynamodb:GetShardIterator',
    'dynamodb:ListStreams',
  ],
  AWSLambdaInvocation_DynamoDB: [
    'lambda:InvokeFunction',
    'dynamodb:DescribeStream',
    'dynamodb:GetRecords',
    'dynamodb:GetShardIterator',
    'dynamodb:ListStreams',
  ],
  AWSLambdaSQSQueueExecutionRole: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
  AWSLambdaExecute: ['s3:GetObject', 's3:PutObject'],
  AWSLambdaRole: ['lambda:InvokeFunction'],
  AWSLambda_FullAccess: ['lambda:*', 's3:ListAllMyBuckets'],
  AWSLambda_ReadOnlyAccess: ['lambda:Get*', 'lambda:List*'],
  AmazonDynamoDBFullAccess: ['dynamodb:*', 'sns:ListTopics', 'sns:Subscribe', 'lambda:ListFunctions'],
  AmazonDynamoDBFullAccess_v2: ['dynamodb:*', 'sns:ListTopics', 'sns:Subscribe', 'lambda:ListFunctions'],
  AmazonDynamoDBReadOnlyAccess: [
    ...[
      'BatchGetItem',
      'ConditionCheckItem',
      'Describe*',
      'Get*',
      'List*',
      'PartiQLSelect',
      'Query',
      'Scan',
    ].map((action) => `dynamodb:${action}`),
    ...['sns:ListSubscriptionsByTopic', 'sns:ListTopics', 'lambda:List*'],
  ],
  AmazonS3FullAccess: ['s3:*', 's3-object-lambda:*'],
  AmazonS3ReadOnlyAccess: [
    's3:Get*',
    's3:List*',
    's3:Describe*',
    's3-object-lambda:Get*',
    's3-object-lambda:List*',
  ],
  AmazonSQSFullAccess: ['sqs:*'],
  AmazonSQSReadOnlyAccess: [
    'sqs:GetQueueAttributes',
    'sqs:GetQueueUrl',
    'sqs:ListDeadLetterSourceQueues',
    'sqs:ListQueues',
    'sqs:ListMessageMoveTasks',
    'sqs:ListQueueTags',
  ],
  AmazonSNSFullAccess: ['sns:*'],
  AmazonSNSReadOnlyAccess: ['sns:Get*', 'sns:List*', 'sns:CheckIfPhoneNumberIsOptedOut'],
  AmazonSSMFullAccess: ['ssm:*'],
  AmazonSSMReadOnlyAccess: ['ssm:Describe*', 'ssm:Get*', 'ssm:List*'],
  AmazonSSMManagedInstanceCore: ['ssm:GetParameter', 'ssm:GetParameters'],
  SecretsManagerReadWrite: ['secretsmanager:*', 'lambda:GetFunctionConfiguration', 'lambda:ListFunctions'],
  AmazonEventBridgeFullAccess: ['events:*', 'schemas:*', 'scheduler:*', 'pipes:*'],
  AmazonEventBridgeReadOnlyAccess: ['events:Describe*', 'events:List*', 'events:TestEventPattern'],
  AmazonEventBridgeSchedulerFullAccess: ['scheduler:*'],
  AmazonAPIGatewayInvokeFullAccess: ['execute-api:Invoke', 'execute-api:ManageConnections'],
  AmazonAPIGatewayAdministrator: ['apigateway:*'],
  AmazonAPIGatewayPushToCloudWatchLogs: [],
  AWSCloudFormationReadOnlyAccess: [
    'cloudformation:Describe*',
    'cloudformation:Get*',
    'cloudformation:List*',
  ],
  AWSCloudFormationFullAccess: ['cloudformation:*'],
};

/** The resources of policies that do not apply to all resources. */
const RESOURCES: Readonly<Record<string, string>> = {
  AmazonAPIGatewayInvokeFullAccess: 'arn:aws:execute-api:*:*:*',
  AmazonAPIGatewayAdministrator: 'arn:aws:apigateway:*::/*',
  AWSLambdaExecute: 'arn:aws:s3:::*',
  CloudWatchAgentServerPolicy: 'arn:aws:ssm:*:*:parameter/AmazonCloudWatch-*',
};

/**
 * The name in `arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole`; undefined for a policy that is not
 * AWS's.
 */
export function awsManagedPolicyName(arn: string): string | undefined {
  return /^arn:[^:]+:iam::aws:policy\/(?:.+\/)?([^/]+)$/.exec(arn)?.[1];
}

/** Undefined for a policy that is not listed above. */
export function awsManagedPolicy(name: string): PolicyStatement[] | undefined {
  const actions = Object.hasOwn(POLICIES, name) ? POLICIES[name] : undefined;
  if (!actions) return undefined;
  if (actions.length === 0) return [];
  const isInverted = actions.every((action) => action.startsWith('!'));
  const statement: JsonObject = {
    Effect: 'Allow',
    [isInverted ? 'NotAction' : 'Action']: actions.map((action) => action.replace('!', '')),
    Resource: RESOURCES[name] ?? '*',
  };
  return readStatements({ Statement: [statement] });
}

function readOnly(): string[] {
  return [
    ...['dynamodb:BatchGetItem', 'dynamodb:Describe*', 'dynamodb:Get*', 'dynamodb:List*', 'dynamodb:Query'],
    ...['dynamodb:Scan', 'dynamodb:PartiQLSelect', 's3:Get*', 's3:List*', 'sqs:Get*', 'sqs:List*'],
    ...['sqs:Receive*', 'sns:Get*', 'sns:List*', 'ssm:Describe*', 'ssm:Get*', 'ssm:List*', 'lambda:Get*'],
    ...['lambda:List*', 'events:Describe*', 'events:List*', 'events:Test*', 'secretsmanager:Describe*'],
    ...['secretsmanager:List*', 'cloudformation:Describe*', 'cloudformation:Get*', 'cloudformation:List*'],
  ];
}
