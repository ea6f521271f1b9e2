/** A caller in the words of IAM: its ARN and its id. */
import { hashText } from '../assembly/values/physical-names';
import { partitionOf } from '../aws-domains';
import type { AccessApp } from './access-app';
import type { Identity } from './identities';

/** A caller, in the words of API Gateway's `$context.identity`. */
export interface CallerDescription {
  accountId: string;
  /** The id of a user, or of a role with the name of the session. `user` is the same. */
  caller: string;
  accessKey: string;
  userArn: string;
  user: string;
}

type Home = Pick<AccessApp, 'accountId' | 'region'>;

/** The caller's facts in events and in `$context.identity`. */
export function descriptionOf(identity: Identity, home: Home): CallerDescription {
  const { accessKeyId: accessKey } = identity.credentials;
  const user = userIdOf(identity);
  return { accountId: home.accountId, caller: user, accessKey, userArn: arnOf(identity, home), user };
}

/** The caller's ARN in AWS's form: a user, or the session of a role. */
export function arnOf(identity: Identity, { accountId, region }: Home): string {
  if (identity.kind === 'person') {
    return `arn:${partitionOf(region)}:iam::${accountId}:user/${identity.credentials.accessKeyId}`;
  }
  const roleName = identity.roleArn?.split('/').at(-1) ?? '';
  return `arn:${partitionOf(region)}:sts::${accountId}:assumed-role/${roleName}/${identity.functionName}`;
}

/** The id of a user, or of a role with the name of the session. */
export function userIdOf(identity: Identity): string {
  if (identity.kind === 'person') return uniqueId('AIDA', identity.credentials.accessKeyId);
  return `${uniqueId('AROA', identity.roleArn ?? '')}:${identity.functionName}`;
}

/** An id in IAM's form for users and roles, the same in every run. */
function uniqueId(prefix: string, name: string): string {
  return `${prefix}${hashText(name, 17).toUpperCase()}`;
}
