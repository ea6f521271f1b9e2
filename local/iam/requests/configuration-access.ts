/** The permissions that requests for parameters, secrets and stacks need. */
import { isSecretId } from '../../assembly/stores/secrets';
import { type JsonObject, listAt, textAt } from '../../assembly/values/json';
import { partitionOf } from '../../aws-domains';
import type { AccessApp, WantedAccess } from '../access';

export function ssmAccess(action: string, input: JsonObject, app: AccessApp): WantedAccess[] {
  const names = [
    textAt(input, 'Name') ?? textAt(input, 'Path') ?? [],
    listAt(input, 'Names').map(String),
  ].flat();
  return names.map((name) => ({
    action: `ssm:${action}`,
    resource: parameterArn(name, app),
    context: (key) => (key === 'ssm:recursive' ? [String(input.Recursive === true)] : undefined),
  }));
}

/** Of a name or an ARN, each with or without a version. */
function parameterArn(nameOrArn: string, app: AccessApp): string {
  if (nameOrArn.startsWith('arn:')) return nameOrArn.split(':').slice(0, 6).join(':');
  const name = (nameOrArn.split(':')[0] ?? '').replace(/^\//, '');
  return arn(app, 'ssm', `parameter/${name}`);
}

export function secretsAccess(action: string, input: JsonObject, app: AccessApp): WantedAccess[] {
  const ids = listAt(input, 'SecretIdList').map(String);
  if (action === 'BatchGetSecretValue') {
    const each = ids.flatMap((SecretId) => secretsAccess('GetSecretValue', { SecretId }, app));
    return [{ action: `secretsmanager:${action}`, resource: '*' }, ...each];
  }
  const id = textAt(input, 'SecretId') ?? '';
  const resource = secretArn(id, app);
  const context = (key: string) => {
    if (key === 'secretsmanager:secretid') return [resource];
    return key === 'secretsmanager:versionstage'
      ? [textAt(input, 'VersionStage') ?? 'AWSCURRENT']
      : undefined;
  };
  return [{ action: `secretsmanager:${action}`, resource, context }];
}

function secretArn(id: string, app: AccessApp): string {
  const known = app.secrets.find(({ arn: own, name }) => id === name || isSecretId(id, own));
  if (known) return known.arn;
  // AWS adds six characters to the name, which policies leave open.
  return id.startsWith('arn:') ? id : arn(app, 'secretsmanager', `secret:${id}-000000`);
}

export function cloudFormationAccess(action: string, input: JsonObject, app: AccessApp): WantedAccess[] {
  const name = textAt(input, 'StackName');
  const resource = name?.startsWith('arn:') ? name : arn(app, 'cloudformation', `stack/${name ?? '*'}/*`);
  return [{ action: `cloudformation:${action}`, resource }];
}

function arn({ region, accountId }: AccessApp, service: string, resource: string): string {
  return `arn:${partitionOf(region)}:${service}:${region}:${accountId}:${resource}`;
}
