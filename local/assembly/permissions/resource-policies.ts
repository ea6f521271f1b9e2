/**
 * Reads the policies of queues, topics, buckets, functions, secrets, tables, event buses and REST APIs, each with the
 * ARN of its resource.
 */
import { readStatements } from '../../iam/policy-statement';
import { UserError } from '../../user-error';
import type { Assembly } from '../assembly';
import type { ResourcePolicy } from '../model';
import type { Json, JsonObject } from '../values/json';
import type { Resource } from '../values/resource';

/** The property that identifies each type's resources, and the property with its document. */
const KINDS: readonly [type: string, owner: string, document: string][] = [
  ['AWS::SQS::QueuePolicy', 'Queues', 'PolicyDocument'],
  ['AWS::SQS::QueueInlinePolicy', 'Queue', 'PolicyDocument'],
  ['AWS::SNS::TopicPolicy', 'Topics', 'PolicyDocument'],
  ['AWS::SNS::TopicInlinePolicy', 'TopicArn', 'PolicyDocument'],
  ['AWS::S3::BucketPolicy', 'Bucket', 'PolicyDocument'],
  ['AWS::SecretsManager::ResourcePolicy', 'SecretId', 'ResourcePolicy'],
];

export function readResourcePolicies(assembly: Assembly): ResourcePolicy[] {
  const policies = [
    ...KINDS.flatMap(([type, owner, document]) =>
      assembly.resources(type).flatMap((policy) => {
        const statements = readStatements(tolerant(() => policy.property(document)));
        return listed(tolerant(() => policy.property(owner))).map((name) => ({
          resourceArn: arnOf(String(name), policy),
          statements,
        }));
      }),
    ),
    ...assembly.resources('AWS::DynamoDB::Table').flatMap((table) => {
      const policy = tolerant(() => table.property('ResourcePolicy'));
      const statements = readStatements(
        policy !== null && typeof policy === 'object' && !Array.isArray(policy)
          ? policy.PolicyDocument
          : undefined,
      );
      return [
        { resourceArn: String(table.stack.attribute(table.logicalId, 'Arn', 'Resources')), statements },
      ];
    }),
    ...assembly.resources('AWS::ApiGateway::RestApi').map(ofRestApi),
    ...assembly.resources('AWS::Lambda::Permission').flatMap(permission),
  ];
  return policies.filter(({ statements }) => statements.length > 0);
}

/** Policies identify queues by URL, buckets by name, and other resources by ARN. */
function arnOf(name: string, { type, stack }: Resource): string {
  if (type === 'AWS::S3::BucketPolicy') return `arn:${stack.partition}:s3:::${name}`;
  return /^https?:/.test(name) ? stack.arn('sqs', name.split('/').at(-1) ?? '') : name;
}

/** Permissions for a role or an account. `LambdaPermissions` has those for AWS's services. */
function permission(resource: Resource): ResourcePolicy[] {
  const [principal, action, functionName] = ['Principal', 'Action', 'FunctionName'].map((name) =>
    tolerant(() => resource.property(name)),
  );
  if (typeof principal !== 'string' || principal.endsWith('.amazonaws.com')) return [];
  // A role's own call has no source, so it never matches a permission that is limited to one.
  if (principal === '*' && resource.properties.SourceArn !== undefined) return [];
  const target = String(functionName ?? '');
  const resourceArn = target.startsWith('arn:') ? target : resource.stack.arn('lambda', `function:${target}`);
  const Condition = conditionOf(resource);
  const statement: JsonObject = {
    ...{ Effect: 'Allow', Action: action ?? null, Resource: resourceArn, Principal: { AWS: principal } },
    ...(Condition && { Condition }),
  };
  return [{ resourceArn, statements: readStatements({ Statement: [statement] }) }];
}

/** The conditions that AddPermission makes of the other properties. Source: "AddPermission" in Lambda's API reference. */
function conditionOf(resource: Resource): JsonObject | undefined {
  const authType = tolerant(() => resource.property('FunctionUrlAuthType'));
  const viaUrl = tolerant(() => resource.property('InvokedViaFunctionUrl'));
  const organization = tolerant(() => resource.property('PrincipalOrgID'));
  const texts: JsonObject = {
    ...(authType !== undefined && { 'lambda:FunctionUrlAuthType': authType }),
    ...(organization !== undefined && { 'aws:PrincipalOrgID': organization }),
  };
  const condition: JsonObject = {
    ...(Object.keys(texts).length > 0 && { StringEquals: texts }),
    ...(viaUrl !== undefined && { Bool: { 'lambda:InvokedViaFunctionUrl': viaUrl } }),
  };
  return Object.keys(condition).length > 0 ? condition : undefined;
}

/** API Gateway adds the API's ARN to resources that start with `execute-api:/`. */
function ofRestApi(api: Resource): ResourcePolicy {
  const resourceArn = api.stack.arn('execute-api', api.ref);
  const statements = readStatements(tolerant(() => api.property('Policy')));
  const completed = (pattern: string) => pattern.replace(/^execute-api:\//, `${resourceArn}/`);
  return {
    resourceArn,
    statements: statements.map(({ resources: { patterns, isInverted }, ...statement }) => ({
      ...statement,
      resources: { patterns: patterns.map(completed), isInverted },
    })),
  };
}

function listed(value: Json | undefined): Json[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

/** A policy with values that cannot be resolved is ignored. */
function tolerant(read: () => Json | undefined): Json | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
