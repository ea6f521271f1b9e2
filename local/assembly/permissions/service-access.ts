/** Whether an AWS service may send to a queue or a topic: only the policy of the queue or the topic can allow it. */
import type { PolicyStatement, Principals } from '../../iam/policy-statement';
import type { RequestContext } from '../../iam/request-context';
import { applies, hasAction } from '../../iam/statement-match';
import type { Assembly } from '../assembly';
import { readResourcePolicies } from './resource-policies';

export interface ServiceRequest {
  /** `sns.amazonaws.com` */
  service: string;
  /** `sqs:SendMessage` */
  action: string;
  /** The ARN of the queue or topic. */
  resourceArn: string;
  /** The ARN of what the service sends for: a topic, a rule or a bucket. */
  sourceArn: string;
}

export class ServiceAccess {
  readonly #statements = new Map<string, PolicyStatement[]>();

  constructor(assembly: Assembly) {
    for (const { resourceArn, statements } of readResourcePolicies(assembly)) {
      this.#statements.set(resourceArn, [...(this.#statements.get(resourceArn) ?? []), ...statements]);
    }
  }

  allows(request: ServiceRequest): boolean {
    const { service, action, resourceArn } = request;
    const context = contextOf(request);
    const applicable = (this.#statements.get(resourceArn) ?? []).filter(
      (statement) =>
        isFor(statement.principals, service) &&
        hasAction(statement, action.toLowerCase()) &&
        applies(statement, resourceArn, context),
    );
    return applicable.length > 0 && applicable.every(({ effect }) => effect === 'Allow');
  }
}

function isFor(principals: Principals | undefined, service: string): boolean {
  if (!principals) return false;
  const { aws, services, isInverted } = principals;
  return (services.includes(service) || services.includes('*') || aws.includes('*')) !== isInverted;
}

/** The ARN of a bucket has no account, and the app's buckets belong to the app's account. */
function contextOf({ service, resourceArn, sourceArn }: ServiceRequest): RequestContext {
  const account = sourceArn.split(':')[4] || resourceArn.split(':')[4] || '';
  const values = new Map([
    ['aws:sourcearn', [sourceArn]],
    ['aws:sourceaccount', [account]],
    ['aws:securetransport', ['true']],
    ['aws:principalisawsservice', ['true']],
    ['aws:principalservicename', [service]],
  ]);
  return (key) => values.get(key);
}
