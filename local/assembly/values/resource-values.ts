/**
 * The values of `Ref` and `Fn::GetAtt`, by resource type. Source: "Return values" on each type's page of the
 * CloudFormation reference.
 */
import { functionNameIn } from './function-arn';
import { type Json, objectAt } from './json';
import { hashText, hashUuid } from './physical-names';
import type { Resource } from './resource';
import { arn, globalArn, iam, identified, named, namedFifo } from './resource-names';

/** `undefined` if the type is unknown. */
export function referenceOf(resource: Resource): Json | undefined {
  return VALUES[resource.type]?.reference(resource);
}

/** `undefined` if the type or the attribute is unknown. */
export function attributeOf(resource: Resource, name: string): Json | undefined {
  if (resource.type === EXPORT_READER) return exportedElsewhere(resource, name);
  return VALUES[resource.type]?.attributes?.[name]?.(resource);
}

/** The CDK's resource for `crossRegionReferences`: reads a value from a stack in another region. */
const EXPORT_READER = 'Custom::CrossRegionExportReader';

function exportedElsewhere(resource: Resource, name: string): Json | undefined {
  const value = objectAt(objectAt(resource.properties, 'ReaderProps'), 'imports')[name];
  return value === undefined
    ? undefined
    : resource.stack.resolve(value, resource.at(`ReaderProps.imports.${name}`));
}

type Read = (resource: Resource) => Json | undefined;

interface Values {
  reference: (resource: Resource) => Json | undefined;
  attributes?: Record<string, Read>;
}

const functionName = named('FunctionName', 64);
const tableName = named('TableName', 255);
const tableArn = arn('dynamodb', (resource) => `table/${tableName(resource)}`);
const apiId = identified(10);
const role = iam('role', 'RoleName');
const user = iam('user', 'UserName');
const group = iam('group', 'GroupName');
const managedPolicy = iam('policy', 'ManagedPolicyName');
const logGroupName = named('LogGroupName', 512);
const bucketName = named('BucketName', 63, true);
const queueName = namedFifo('QueueName', 80, 'FifoQueue');
const topicName = namedFifo('TopicName', 256, 'FifoTopic');
const topicArn = arn('sns', topicName);
/** The names that CloudFormation generates for secrets do not include the stack, and the CDK relies on that. */
const secretName = (resource: Resource) =>
  resource.text('Name') ?? `${resource.logicalId}-${identified(12)(resource)}`;
const secretArn = arn('secretsmanager', (r) => `secret:${secretName(r)}-${hashText(r.logicalId, 6)}`);
const parameterName = (resource: Resource) =>
  resource.text('Name') ?? `CFN-${resource.logicalId}-${identified(12)(resource)}`;
const eventBusName = named('Name', 256);
const ruleName = named('Name', 64);
const scheduleName = named('Name', 64);
const scheduleGroupName = named('Name', 64);
const streamName = named('Name', 128);
const stateMachineArn = arn(
  'states',
  (resource) => `stateMachine:${named('StateMachineName', 80)(resource)}`,
);
const keyId = ({ stack, logicalId }: Resource) => hashUuid(`${stack.name}/${logicalId}`);
const userPoolId = (resource: Resource) => `${resource.stack.region}_${identified(9)(resource)}`;

/**
 * The label in the ARNs of table streams, the same in every run. On AWS, it is the time when the stream was enabled.
 */
export const STREAM_LABEL = '2026-01-01T00:00:00.000';

const table: Values = {
  reference: tableName,
  attributes: {
    Arn: tableArn,
    StreamArn: (resource) => `${tableArn(resource)}/stream/${STREAM_LABEL}`,
    TableId: keyId,
  },
};

/** The first label of a function URL's host: 32 letters and digits. */
export const functionUrlId = identified(32);

function functionUrl(resource: Resource): string {
  return `https://${functionUrlId(resource)}.lambda-url.${resource.stack.region}.on.aws/`;
}

function functionOf(resource: Resource): string {
  return resource.stack.arn('lambda', `function:${functionNameIn(resource.text('FunctionName') ?? '')}`);
}

function functionOfUrl(resource: Resource): string | undefined {
  return resource.text('TargetFunctionArn');
}

function apiEndpoint(resource: Resource): string {
  const scheme = resource.text('ProtocolType') === 'WEBSOCKET' ? 'wss' : 'https';
  return `${scheme}://${apiId(resource)}.execute-api.${resource.stack.region}.${resource.stack.urlSuffix}`;
}

function subscriptionArn(resource: Resource): string {
  return `${resource.text('TopicArn')}:${keyId(resource)}`;
}

function queueUrl(resource: Resource): string {
  const { region, urlSuffix, accountId } = resource.stack;
  return `https://sqs.${region}.${urlSuffix}/${accountId}/${queueName(resource)}`;
}

/** The account's default event bus. */
export const DEFAULT_BUS = 'default';

/** The name of the bus. A rule may also use the bus's ARN. */
export function busOfRule(rule: Resource): string {
  const given = rule.text('EventBusName') ?? DEFAULT_BUS;
  return /:event-bus\/(.+)$/.exec(given)?.[1] ?? given;
}

const VALUES: Record<string, Values> = {
  'AWS::ApiGateway::ApiKey': { reference: identified(10), attributes: { APIKeyId: identified(10) } },
  'AWS::ApiGateway::Authorizer': { reference: identified(6), attributes: { AuthorizerId: identified(6) } },
  'AWS::ApiGateway::Deployment': { reference: identified(6), attributes: { DeploymentId: identified(6) } },
  'AWS::ApiGateway::Resource': { reference: identified(6), attributes: { ResourceId: identified(6) } },
  'AWS::ApiGateway::RestApi': {
    reference: apiId,
    attributes: {
      RestApiId: apiId,
      RootResourceId: ({ stack, logicalId }) => hashText(`${stack.name}/${logicalId}/root`, 10),
    },
  },
  'AWS::ApiGateway::Stage': { reference: (resource) => resource.text('StageName') },
  'AWS::ApiGateway::UsagePlan': { reference: identified(6), attributes: { Id: identified(6) } },
  'AWS::ApiGatewayV2::Api': { reference: apiId, attributes: { ApiEndpoint: apiEndpoint, ApiId: apiId } },
  'AWS::ApiGatewayV2::ApiMapping': {
    reference: identified(6),
    attributes: { ApiMappingId: identified(6) },
  },
  'AWS::ApiGatewayV2::Authorizer': { reference: identified(6), attributes: { AuthorizerId: identified(6) } },
  'AWS::ApiGatewayV2::Deployment': { reference: identified(6), attributes: { DeploymentId: identified(6) } },
  'AWS::ApiGatewayV2::DomainName': {
    reference: (resource) => resource.text('DomainName'),
    attributes: {
      RegionalDomainName: (r) => `d-${identified(10)(r)}.execute-api.${r.stack.region}.${r.stack.urlSuffix}`,
      RegionalHostedZoneId: identified(14),
    },
  },
  'AWS::ApiGatewayV2::Integration': {
    reference: identified(7),
    attributes: { IntegrationId: identified(7) },
  },
  'AWS::ApiGatewayV2::Model': { reference: identified(6), attributes: { ModelId: identified(6) } },
  'AWS::ApiGatewayV2::Route': { reference: identified(7), attributes: { RouteId: identified(7) } },
  'AWS::ApiGatewayV2::RouteResponse': { reference: identified(6) },
  'AWS::ApiGatewayV2::Stage': { reference: (resource) => resource.text('StageName') },
  'AWS::CertificateManager::Certificate': {
    reference: arn('acm', (resource) => `certificate/${keyId(resource)}`),
  },
  'AWS::CloudFormation::Stack': { reference: (r) => r.stack.arn('cloudformation', `stack/${keyId(r)}`) },
  'AWS::Cognito::UserPool': {
    reference: userPoolId,
    attributes: {
      Arn: arn('cognito-idp', (resource) => `userpool/${userPoolId(resource)}`),
      UserPoolId: userPoolId,
      ProviderName: (r) => `cognito-idp.${r.stack.region}.${r.stack.urlSuffix}/${userPoolId(r)}`,
      ProviderURL: (r) => `https://cognito-idp.${r.stack.region}.${r.stack.urlSuffix}/${userPoolId(r)}`,
    },
  },
  'AWS::Cognito::UserPoolClient': { reference: identified(26), attributes: { ClientId: identified(26) } },
  'AWS::DynamoDB::GlobalTable': table,
  'AWS::DynamoDB::Table': table,
  'AWS::Events::EventBus': {
    reference: eventBusName,
    attributes: { Arn: arn('events', (r) => `event-bus/${eventBusName(r)}`), Name: eventBusName },
  },
  'AWS::Events::Rule': {
    reference: (resource) => {
      const bus = busOfRule(resource);
      return bus === DEFAULT_BUS ? ruleName(resource) : `${bus}|${ruleName(resource)}`;
    },
    attributes: {
      Arn: arn('events', (resource) => {
        const bus = busOfRule(resource);
        return bus === DEFAULT_BUS ? `rule/${ruleName(resource)}` : `rule/${bus}/${ruleName(resource)}`;
      }),
    },
  },
  'AWS::IAM::Group': { reference: group.name, attributes: { Arn: group.arn } },
  'AWS::IAM::ManagedPolicy': { reference: managedPolicy.arn, attributes: { PolicyArn: managedPolicy.arn } },
  'AWS::IAM::Policy': { reference: named('PolicyName', 128) },
  'AWS::IAM::Role': { reference: role.name, attributes: { Arn: role.arn, RoleId: identified(21) } },
  'AWS::IAM::User': { reference: user.name, attributes: { Arn: user.arn } },
  'AWS::KMS::Alias': { reference: (resource) => resource.text('AliasName') },
  'AWS::KMS::Key': {
    reference: keyId,
    attributes: { Arn: arn('kms', (r) => `key/${keyId(r)}`), KeyId: keyId },
  },
  'AWS::Kinesis::Stream': {
    reference: streamName,
    attributes: { Arn: arn('kinesis', (resource) => `stream/${streamName(resource)}`) },
  },
  'AWS::Lambda::Alias': {
    reference: (resource) => `${functionOf(resource)}:${resource.text('Name')}`,
    attributes: { AliasArn: (resource) => `${functionOf(resource)}:${resource.text('Name')}` },
  },
  'AWS::Lambda::EventSourceMapping': {
    reference: keyId,
    attributes: {
      Id: keyId,
      EventSourceMappingArn: arn('lambda', (r) => `event-source-mapping:${keyId(r)}`),
    },
  },
  'AWS::Lambda::Function': {
    reference: functionName,
    attributes: { Arn: arn('lambda', (resource) => `function:${functionName(resource)}`) },
  },
  'AWS::Lambda::LayerVersion': {
    reference: arn('lambda', (resource) => `layer:${named('LayerName', 140)(resource)}:1`),
    attributes: { LayerVersionArn: arn('lambda', (r) => `layer:${named('LayerName', 140)(r)}:1`) },
  },
  'AWS::Lambda::Url': {
    reference: functionOfUrl,
    attributes: { FunctionArn: functionOfUrl, FunctionUrl: functionUrl },
  },
  'AWS::Lambda::Version': {
    reference: (resource) => `${functionOf(resource)}:1`,
    attributes: { Version: () => '1', FunctionArn: (resource) => `${functionOf(resource)}:1` },
  },
  'AWS::Logs::LogGroup': {
    reference: logGroupName,
    attributes: { Arn: arn('logs', (resource) => `log-group:${logGroupName(resource)}:*`) },
  },
  'AWS::S3::Bucket': {
    reference: bucketName,
    attributes: {
      Arn: globalArn('s3', bucketName),
      DomainName: (resource) => `${bucketName(resource)}.s3.${resource.stack.urlSuffix}`,
      RegionalDomainName: (r) => `${bucketName(r)}.s3.${r.stack.region}.${r.stack.urlSuffix}`,
    },
  },
  'AWS::Scheduler::Schedule': {
    reference: scheduleName,
    attributes: {
      Arn: arn('scheduler', (r) => `schedule/${r.text('GroupName') ?? 'default'}/${scheduleName(r)}`),
    },
  },
  'AWS::Scheduler::ScheduleGroup': {
    reference: scheduleGroupName,
    attributes: { Arn: arn('scheduler', (resource) => `schedule-group/${scheduleGroupName(resource)}`) },
  },
  'AWS::SecretsManager::Secret': { reference: secretArn, attributes: { Id: secretArn } },
  'AWS::SecretsManager::SecretTargetAttachment': { reference: (resource) => resource.text('SecretId') },
  'AWS::SNS::Subscription': { reference: subscriptionArn, attributes: { Arn: subscriptionArn } },
  'AWS::SNS::Topic': { reference: topicArn, attributes: { TopicArn: topicArn, TopicName: topicName } },
  'AWS::SQS::Queue': {
    reference: queueUrl,
    attributes: { Arn: arn('sqs', queueName), QueueName: queueName, QueueUrl: queueUrl },
  },
  'AWS::SSM::Parameter': {
    reference: parameterName,
    attributes: {
      Type: (resource) => resource.text('Type'),
      Value: (resource) => resource.property('Value'),
    },
  },
  'AWS::StepFunctions::StateMachine': {
    reference: stateMachineArn,
    attributes: { Arn: stateMachineArn, Name: named('StateMachineName', 80) },
  },
};
