/** A denial by IAM, in the words of AWS's services. */
import type { Verdict } from './policy-evaluator';

/** In place of an ARN, for requests without a signature. */
export const ANONYMOUS = 'anonymous';

export interface Denial {
  /** The session, or `anonymous` for a request without a signature. */
  principalArn: string;
  /** As in policies: `dynamodb:PutItem`. */
  action: string;
  resource: string;
  verdict: Exclude<Verdict, 'allowed'>;
}

/** Services that write actions or resources differently, as seen in users' reports. */
const ACTION_WORDS: Readonly<Record<string, (action: string) => string>> = {
  sqs: (action) => action.toLowerCase(),
  sns: (action) => action.replace('sns:', 'SNS:'),
};
const RESOURCE_WORDS: Readonly<Record<string, (resource: string) => string>> = {
  s3: (resource) => `"${resource}"`,
  'execute-api': masked,
};

/**
 * Since 2025, the refusals of REST APIs say why, as other services do; those of @connections were last seen without it.
 * Source: floci's design of resource policies, with responses recorded on AWS.
 */
export function denialMessage({ principalArn, action, resource, verdict }: Denial): string {
  const service = action.split(':', 1)[0] ?? '';
  if (action === 'execute-api:ManageConnections') {
    return `User: ${principalArn} is not authorized to perform: ${action} on resource: ${masked(resource)}${deniedBy(verdict)}`;
  }
  const act = ACTION_WORDS[service]?.(action) ?? action;
  const on = RESOURCE_WORDS[service]?.(resource) ?? resource;
  const why = deniedBy(verdict) || ` because no ${missing(verdict, principalArn)} allows the ${act} action`;
  return `User: ${principalArn} is not authorized to perform: ${act} on resource: ${on}${why}`;
}

function deniedBy(verdict: Verdict): string {
  if (!verdict.startsWith('denied')) return '';
  const kind = {
    identity: 'an identity-based policy',
    resource: 'a resource-based policy',
    boundary: 'a permissions boundary',
  };
  return ` with an explicit deny in ${kind[verdict.slice('denied by '.length) as keyof typeof kind]}`;
}

function missing(verdict: Verdict, principalArn: string): string {
  if (principalArn === ANONYMOUS) return 'resource-based policy';
  return verdict === 'out of bounds' ? 'permissions boundary' : 'identity-based policy';
}

/** API Gateway shows only the last four digits of the account, and `{connectionId}` for the connection. */
function masked(arn: string): string {
  return arn
    .replace(/^(arn:[^:]+:execute-api:[^:]*:)\d{8}(?=\d{4}:)/, '$1********')
    .replace(/\/@connections\/.*$/, '/@connections/{connectionId}');
}
