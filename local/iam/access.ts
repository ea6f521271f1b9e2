/** Who sends a request, and whether they may: verifies signatures, and decides by the policies of a function's role. */
import type { App, LambdaFunction, Role } from '../assembly/model';
import { hashText } from '../assembly/values/physical-names';
import { partitionOf } from '../aws-domains';
import type { Clock } from '../clock';
import type { NameForPeople } from '../function-names';
import type { Log } from '../log';
import { grantFor } from './cdk-grants';
import type { Denial } from './denial';
import { type Credentials, type FunctionIdentity, Identities, type Identity } from './identities';
import { PolicyEvaluator } from './policy-evaluator';
import type { PolicyStatement } from './policy-statement';
import type { RequestContext } from './request-context';
import { SignatureCheck } from './signature-check';
import { SignatureFault } from './signature-fault';
import type { RequestHead } from './signed-request';

export type AccessApp = Pick<
  App,
  | 'region'
  | 'accountId'
  | 'apis'
  | 'functions'
  | 'tables'
  | 'buckets'
  | 'queues'
  | 'topics'
  | 'eventBuses'
  | 'storedParameters'
  | 'secrets'
  | 'roles'
  | 'resourcePolicies'
>;

/** What a request asks for. */
export interface WantedAccess {
  /** `dynamodb:PutItem` */
  action: string;
  /** An ARN, or `*`. */
  resource: string;
  /** The service's own condition keys. @default none */
  context?: RequestContext;
}

export interface AccessOptions {
  app: AccessApp;
  log: Log;
  /** How the log calls functions. */
  nameOf: NameForPeople;
  /** Of the gateway, which tells it to SDKs. */
  clock: Clock;
}

/** A function that fails repeatedly is logged once, until the app changes. */
const MAX_TOLD = 1_000;

export class Access {
  readonly #options: AccessOptions;
  readonly #identities = new Identities();
  readonly #signatures: SignatureCheck;
  #app: AccessApp;
  #roles: Map<string, Role>;
  #resourcePolicies: Map<string, PolicyStatement[]>;
  readonly #evaluators = new Map<string, PolicyEvaluator>();
  readonly #told = new Set<string>();

  constructor(options: AccessOptions) {
    this.#options = options;
    this.#app = options.app;
    this.#roles = rolesOf(options.app);
    this.#resourcePolicies = policiesByArn(options.app);
    this.#signatures = new SignatureCheck({
      identities: this.#identities,
      region: () => this.#app.region,
      times: () => [Date.now(), options.clock.now()],
    });
  }

  get app(): AccessApp {
    return this.#app;
  }

  /** The credentials that Lambda gives the function: the same for the whole run. */
  credentialsOf({ functionName, roleArn }: LambdaFunction): Credentials {
    return this.#identities.credentialsOf({ functionName, ...(roleArn !== undefined && { roleArn }) });
  }

  /** From now on, the policies of this reading of the app decide. */
  update(app: AccessApp): void {
    this.#app = app;
    this.#roles = rolesOf(app);
    this.#resourcePolicies = policiesByArn(app);
    this.#evaluators.clear();
    this.#told.clear();
  }

  /**
   * Who has signed the request.
   * @param body undefined if S3's own header says how the body was signed
   * @throws {SignatureFault}
   */
  authenticate(request: RequestHead, service: string, body: Buffer | undefined): Identity {
    try {
      return this.#signatures.verify(request, service, body);
    } catch (error) {
      if (error instanceof SignatureFault) this.#tellFault(error, service);
      throw error;
    }
  }

  /**
   * Why the caller is refused; undefined if allowed. A person may do everything, and so may a function whose role is
   * not part of the app.
   */
  refusal(identity: Identity, wanted: WantedAccess): Denial | undefined {
    const denial = this.judge(identity, wanted);
    if (denial && identity.kind === 'function') this.#tell(identity, denial);
    return denial;
  }

  /** The same, without logging. */
  judge(identity: Identity, wanted: WantedAccess): Denial | undefined {
    if (identity.kind === 'person') return undefined;
    const evaluator = this.#evaluatorOf(identity);
    if (!evaluator) return undefined;
    const { action, resource } = wanted;
    const context = this.#context(identity, evaluator, wanted);
    const verdict = evaluator.decide(
      action,
      resource,
      context,
      this.#resourcePolicies.get(policyOwner(resource)),
    );
    if (verdict === 'allowed') return undefined;
    return { principalArn: evaluator.principal.arn, action, resource, verdict };
  }

  /** The caller's ARN in AWS's form: a user, or the session of a role. */
  arnOf(identity: Identity): string {
    const { accountId, region } = this.#app;
    if (identity.kind === 'person') {
      return `arn:${partitionOf(region)}:iam::${accountId}:user/${identity.credentials.accessKeyId}`;
    }
    const roleName = identity.roleArn?.split('/').at(-1) ?? '';
    return `arn:${partitionOf(region)}:sts::${accountId}:assumed-role/${roleName}/${identity.functionName}`;
  }

  /** The id of a user, or of a role with the name of the session. */
  userIdOf(identity: Identity): string {
    if (identity.kind === 'person') return uniqueId('AIDA', identity.credentials.accessKeyId);
    return `${uniqueId('AROA', identity.roleArn ?? '')}:${identity.functionName}`;
  }

  #evaluatorOf(identity: FunctionIdentity): PolicyEvaluator | undefined {
    const { functionName, roleArn = '' } = identity;
    const key = `${functionName}\n${roleArn}`;
    const known = this.#evaluators.get(key);
    const role = this.#roles.get(roleArn);
    if (known || !role) return known;
    const { accountId } = this.#app;
    const { statements, boundary } = role;
    const evaluator = new PolicyEvaluator({
      arn: this.arnOf(identity),
      ...{ roleArn, accountId, statements },
      ...(boundary && { boundary }),
    });
    this.#evaluators.set(key, evaluator);
    return evaluator;
  }

  /** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html */
  #context(
    identity: FunctionIdentity,
    { principal }: PolicyEvaluator,
    { context: own }: WantedAccess,
  ): RequestContext {
    const { region, accountId } = this.#app;
    const now = Date.now;
    return (key) => {
      switch (key) {
        case 'aws:principalarn':
          return [principal.roleArn];
        case 'aws:principalaccount':
        case 'aws:resourceaccount':
          return [accountId];
        case 'aws:principaltype':
          return ['AssumedRole'];
        case 'aws:userid':
          return [this.userIdOf(identity)];
        case 'aws:requestedregion':
          return [region];
        case 'aws:securetransport':
          return ['true'];
        case 'aws:viaawsservice':
        case 'aws:principalisawsservice':
          return ['false'];
        case 'aws:currenttime':
          return [new Date(now()).toISOString()];
        case 'aws:epochtime':
          return [String(Math.floor(now() / 1000))];
        case 'lambda:sourcefunctionarn': {
          const found = this.#app.functions.find((one) => one.functionName === identity.functionName);
          return found && [found.functionArn];
        }
        default:
          return own?.(key);
      }
    };
  }

  /** One line for each function, action and resource. */
  #tell({ functionName }: FunctionIdentity, { action, resource, verdict, principalArn }: Denial): void {
    const on = resource.replace(/\/@connections\/.*$/, '/@connections/*');
    const key = `${functionName}\n${action}\n${on}`;
    if (this.#told.has(key) || this.#told.size >= MAX_TOLD) return;
    this.#told.add(key);
    const path = constructOf(this.#app, resource);
    const where = path === undefined ? on : `${path} (${on})`;
    const role = principalArn.split('/')[1];
    this.#options.log.warn(
      `${this.#options.nameOf(functionName)} has no permission for ${action} on ${where}: ${why(verdict, role)}${
        verdict === 'not allowed' ? ` In the CDK app, this allows it: ${grantFor(action, on)}` : ''
      }`,
    );
  }

  /** What users need to know to sign requests, because nothing else tells them. */
  #tellFault(fault: SignatureFault, service: string): void {
    const { kind, message } = fault;
    const key = `${kind}\n${service}`;
    if (this.#told.has(key) || this.#told.size >= MAX_TOLD) return;
    this.#told.add(key);
    const remedy =
      kind === 'unknown key' || kind === 'wrong token'
        ? 'Your own programs must use AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local, and no AWS_SESSION_TOKEN.'
        : fault.remedy;
    this.#options.log.warn(
      [`A request to ${service} was refused because of its signature (${kind}):`, message.trim(), remedy]
        .filter(Boolean)
        .join(' '),
    );
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

/** As IAM gives users and roles: the same in every run. */
function uniqueId(prefix: string, name: string): string {
  return `${prefix}${hashText(name, 17).toUpperCase()}`;
}

function rolesOf({ roles }: AccessApp): Map<string, Role> {
  return new Map(roles.map((role) => [role.roleArn, role]));
}

function policiesByArn({ resourcePolicies }: AccessApp): Map<string, PolicyStatement[]> {
  const byArn = new Map<string, PolicyStatement[]>();
  for (const { resourceArn, statements } of resourcePolicies) {
    byArn.set(resourceArn, [...(byArn.get(resourceArn) ?? []), ...statements]);
  }
  return byArn;
}

/** The bucket of an object, the table of an index: what has the policy. */
function policyOwner(resource: string): string {
  if (resource.startsWith('arn:aws:s3:::')) return resource.split('/', 1)[0] as string;
  const index = resource.indexOf('/index/');
  return index < 0 ? resource : resource.slice(0, index);
}

/** The path by which people know what the ARN names. */
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
    app.apis.find((api) => api.apiId === apiId);
  return found?.path.replace(/\/(Resource|Default)$/, '');
}
