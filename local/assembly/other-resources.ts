/**
 * Resources that do not exist locally, which the start lists: all but APIs, functions, tables, buckets, queues, topics
 * and schedules.
 */
import type { Assembly } from './assembly';
import type { OtherResource } from './model';

/**
 * Types that the runtime runs, or that have no effect locally: logs go to the terminal, and domain names need no
 * records or certificates.
 */
const UNLISTED = [
  /^AWS::ApiGateway::(Account|ApiKey|Authorizer|Deployment|GatewayResponse|Method|Resource|RestApi|Stage|UsagePlan|UsagePlanKey)$/,
  /^AWS::ApiGatewayV2::(Api|ApiMapping|Authorizer|Deployment|DomainName|Integration|IntegrationResponse|Model|Route|RouteResponse|Stage)$/,
  /^AWS::CDK::Metadata$/,
  /^AWS::CertificateManager::Certificate$/,
  /^AWS::CloudFormation::(Stack|WaitConditionHandle)$/,
  /^AWS::DynamoDB::(GlobalTable|Table)$/,
  /^AWS::Events::(EventBus|Rule)$/,
  /^AWS::IAM::/,
  /^AWS::Lambda::(Alias|EventInvokeConfig|EventSourceMapping|Function|LayerVersion|Permission|Url|Version)$/,
  /^AWS::Logs::LogGroup$/,
  /^AWS::Route53::RecordSet$/,
  /^AWS::S3::(Bucket|BucketPolicy)$/,
  /^AWS::SecretsManager::Secret(TargetAttachment)?$/,
  /^AWS::SSM::Parameter$/,
  /^AWS::SNS::(Subscription|Topic|TopicInlinePolicy|TopicPolicy)$/,
  /^AWS::SQS::(Queue|QueueInlinePolicy|QueuePolicy)$/,
  /^AWS::Scheduler::(Schedule|ScheduleGroup)$/,
  /^Custom::S3(AutoDeleteObjects|BucketNotifications)$/,
];

export function listOtherResources(assembly: Assembly): OtherResource[] {
  const others: OtherResource[] = [];
  for (const type of assembly.types()) {
    if (UNLISTED.some((pattern) => pattern.test(type))) continue;
    for (const resource of assembly.resources(type)) {
      others.push({ type, path: resource.path });
    }
  }
  for (const key of assembly.missingContext) {
    others.push({
      type: 'context look-up',
      path: key,
      reason: 'unknown, so the CDK used dummy values',
    });
  }
  return others;
}
