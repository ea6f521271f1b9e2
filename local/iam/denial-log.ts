/** Logs what IAM denies: each denial once, until the app changes. */
import type { NameForPeople } from '../function-names';
import type { Log } from '../log';
import type { AccessApp } from './access-app';
import { grantFor } from './cdk-grants';
import { ANONYMOUS, type Denial } from './denial';
import { API_GATEWAY_SESSION, type FunctionIdentity } from './identities';
import { policyOwner } from './policy-owner';
import type { SignatureFault } from './signature-fault';

const MAX_TOLD = 1_000;

export class DenialLog {
  readonly #options: { log: Log; nameOf: NameForPeople };
  readonly #app: () => AccessApp;
  readonly #told = new Set<string>();

  constructor(options: { log: Log; nameOf: NameForPeople }, app: () => AccessApp) {
    this.#options = options;
    this.#app = app;
  }

  clear(): void {
    this.#told.clear();
  }

  /** Logs one line for each function, action and resource. */
  tell({ functionName }: FunctionIdentity, { action, resource, verdict, principalArn }: Denial): void {
    const on = resource.replace(/\/@connections\/.*$/, '/@connections/*');
    const path = constructOf(this.#app(), resource);
    const where = path === undefined ? on : `${path} (${on})`;
    const role = principalArn.split('/')[1];
    const isGateway = functionName === API_GATEWAY_SESSION;
    const grant = grantFor(action, on);
    this.#tellOnce(
      `${functionName}\n${action}\n${on}`,
      `${isGateway ? 'API Gateway' : this.#options.nameOf(functionName)} has no permission for ${action} on ${where}: ${why(verdict, role)}${
        verdict === 'not allowed'
          ? ` In the CDK app, this allows it: ${isGateway ? grant.replace('(fn', '(role') : grant}`
          : ''
      }`,
    );
  }

  tellPerson({ action, resource }: Denial): void {
    this.#tellOnce(
      `person\n${action}\n${resource}`,
      `The policy of ${constructOf(this.#app(), resource) ?? resource} denies you ${action} on ${resource}, as it would deny it to an administrator on AWS. --no-iam turns policies off.`,
    );
  }

  /** @param what `GET /rooms from 127.0.0.1` */
  tellAnyone({ action, resource, verdict }: Denial, what: string): void {
    this.#tellOnce(
      `${ANONYMOUS}\n${action}\n${what}`,
      `The policy of ${constructOf(this.#app(), resource)} ${verdict === 'not allowed' ? 'does not allow' : 'denies'} ${what} without a signature. --no-iam turns policies off.`,
    );
  }

  /** Tells users how to sign the requests of their own programs. */
  tellFault(fault: SignatureFault, service: string): void {
    const { kind, message } = fault;
    const remedy =
      kind === 'unknown key' || kind === 'wrong token'
        ? 'Your own programs must use AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local, and no AWS_SESSION_TOKEN.'
        : fault.remedy;
    this.#tellOnce(
      `${kind}\n${service}`,
      [`A request to ${service} was refused because of its signature (${kind}):`, message.trim(), remedy]
        .filter(Boolean)
        .join(' '),
    );
  }

  #tellOnce(key: string, line: string): void {
    if (this.#told.has(key) || this.#told.size >= MAX_TOLD) return;
    this.#told.add(key);
    this.#options.log.warn(line);
  }
}

function why(verdict: Denial['verdict'], role: string | undefined): string {
  switch (verdict) {
    case 'not allowed':
      return `no policy of its role ${role} allows it.`;
    case 'out of bounds':
      return `the permissions boundary of its role ${role} does not allow it.`;
    case 'denied by resource':
      return `the resource's own policy denies it.`;
    case 'denied by boundary':
      return `the permissions boundary of its role ${role} denies it.`;
    case 'denied by identity':
      return `a policy of its role ${role} denies it.`;
  }
}

/** The construct path of the resource. */
function constructOf(app: AccessApp, arn: string): string | undefined {
  const owner = policyOwner(arn);
  const [, apiId] = /:execute-api:[^:]*:[^:]*:([^/]+)\//.exec(arn) ?? [];
  const found =
    app.tables.find(({ tableArn }) => tableArn === owner) ??
    app.queues.find(({ queueArn }) => queueArn === owner) ??
    app.topics.find(({ topicArn }) => topicArn === owner) ??
    app.functions.find(({ functionArn }) => owner === functionArn || owner.startsWith(`${functionArn}:`)) ??
    app.buckets.find(({ bucketArn }) => bucketArn === owner) ??
    app.secrets.find((secret) => secret.arn === owner) ??
    app.storedParameters.find((parameter) => parameter.arn === owner) ??
    app.eventBuses.find(({ busArn }) => busArn === owner) ??
    app.apis.find((api) => api.apiId === apiId) ??
    app.httpApis.find((api) => api.apiId === apiId);
  return found?.path.replace(/\/(Resource|Default)$/, '');
}
