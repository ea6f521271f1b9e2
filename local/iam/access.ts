/** IAM: verifies the signature of a request, and decides by the policies of the caller's role whether it is allowed. */
import type { LambdaFunction, Role } from '../assembly/model';
import type { Clock } from '../clock';
import type { NameForPeople } from '../function-names';
import type { Log } from '../log';
import type { AccessApp } from './access-app';
import { contextOfAnyone, contextOfCaller } from './call-context';
import { arnOf, type CallerDescription, descriptionOf } from './caller';
import { ANONYMOUS, type Denial } from './denial';
import { DenialLog } from './denial-log';
import { type Credentials, Identities, type Identity } from './identities';
import { decideForAnyone, PolicyEvaluator, type VerdictOnAnyone } from './policy-evaluator';
import { policyOwner } from './policy-owner';
import { type PolicyStatement, readStatements } from './policy-statement';
import type { RequestContext } from './request-context';
import { SignatureCheck } from './signature-check';
import { SignatureFault } from './signature-fault';
import type { RequestHead } from './signed-request';

export type { AccessApp };

export interface WantedAccess {
  /** `dynamodb:PutItem` */
  action: string;
  /** An ARN, or `*`. */
  resource: string;
  /** The condition keys that the service adds. @default none */
  context?: RequestContext;
}

export interface AccessOptions {
  app: AccessApp;
  log: Log;
  /** The names of functions in the log. */
  nameOf: NameForPeople;
  /** The gateway's clock, whose time SDKs take over from its responses. */
  clock: Clock;
}

export class Access {
  readonly #identities = new Identities();
  readonly #signatures: SignatureCheck;
  #app: AccessApp;
  #roles: Map<string, Role>;
  #resourcePolicies: Map<string, PolicyStatement[]>;
  #hasDenyingResource: boolean;
  readonly #evaluators = new Map<string, PolicyEvaluator>();
  readonly #denials: DenialLog;

  constructor(options: AccessOptions) {
    this.#app = options.app;
    this.#denials = new DenialLog(options, () => this.#app);
    this.#roles = rolesOf(options.app);
    this.#resourcePolicies = policiesByArn(options.app);
    this.#hasDenyingResource = hasDenyingResource(options.app);
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

  /** The credentials of an AWS service in a role that it assumes: the same for the whole run. */
  credentialsInRole(roleArn: string, sessionName: string): Credentials {
    return this.#identities.credentialsOf({ functionName: sessionName, roleArn });
  }

  /** Applies the policies of a new reading of the app. */
  update(app: AccessApp): void {
    this.#app = app;
    this.#roles = rolesOf(app);
    this.#resourcePolicies = policiesByArn(app);
    this.#hasDenyingResource = hasDenyingResource(app);
    this.#evaluators.clear();
    this.#denials.clear();
  }

  /**
   * Identifies the caller by the request's signature.
   * @param body undefined for S3, whose header `x-amz-content-sha256` has the hash of the body
   * @throws {SignatureFault}
   */
  authenticate(request: RequestHead, service: string, body: Buffer | undefined): Identity {
    return this.#telling(service, () => this.#signatures.verify(request, service, body));
  }

  /**
   * Identifies the signer of an upload form to S3.
   * @throws {SignatureFault}
   */
  authenticateForm(fields: ReadonlyMap<string, string>): Identity {
    return this.#telling('s3', () => this.#signatures.verifyForm(fields));
  }

  #telling(service: string, verify: () => Identity): Identity {
    try {
      return verify();
    } catch (error) {
      if (error instanceof SignatureFault) this.#denials.tellFault(error, service);
      throw error;
    }
  }

  /**
   * The denial, if the request is not allowed. People are administrators: they may do everything that no policy of a
   * resource denies. Functions whose role is not part of the app may do everything.
   */
  refusal(identity: Identity, wanted: WantedAccess): Denial | undefined {
    const denial = this.judge(identity, wanted);
    if (!denial) return undefined;
    if (identity.kind === 'function') this.#denials.tell(identity, denial);
    else this.#denials.tellPerson(denial);
    return denial;
  }

  /**
   * The denial of a request without a signature. Only the resource's policy decides; without a policy, the request is
   * allowed.
   * @param what for the log: `GET /rooms from 127.0.0.1`
   */
  refusalOfAnyone(wanted: WantedAccess, what: string): Denial | undefined {
    const verdict = this.verdictOnAnyone(wanted);
    if (verdict === undefined || verdict === 'allowed') return undefined;
    const { action, resource } = wanted;
    const denial: Denial = { principalArn: ANONYMOUS, action, resource, verdict };
    this.#denials.tellAnyone(denial, what);
    return denial;
  }

  /** What the resource's policy says about a request without a signature; `undefined` without a policy. */
  verdictOnAnyone({ action, resource, context }: WantedAccess): VerdictOnAnyone | undefined {
    const statements = this.#resourcePolicies.get(policyOwner(resource));
    return (
      statements && decideForAnyone(action, resource, contextOfAnyone(context, this.#app.region), statements)
    );
  }

  /** Whether all requests of the caller are allowed, so that their content need not be read. */
  mayDoEverything(identity: Identity): boolean {
    return identity.kind === 'person' && !this.#hasDenyingResource;
  }

  /** Like `refusal`, without logging. */
  judge(identity: Identity, wanted: WantedAccess): Denial | undefined {
    if (this.mayDoEverything(identity)) return undefined;
    const evaluator = this.#evaluatorOf(identity);
    if (!evaluator) return undefined;
    const { action, resource, context: own } = wanted;
    const context = contextOfCaller(identity, evaluator.principal, this.#app, own);
    const verdict = evaluator.decide(
      action,
      resource,
      context,
      this.#resourcePolicies.get(policyOwner(resource)),
    );
    if (verdict === 'allowed') return undefined;
    return { principalArn: evaluator.principal.arn, action, resource, verdict };
  }

  /** The caller's facts in events and in `$context.identity`. */
  describe(identity: Identity): CallerDescription {
    return descriptionOf(identity, this.#app);
  }

  #evaluatorOf(identity: Identity): PolicyEvaluator | undefined {
    if (identity.kind === 'person') return this.#evaluatorOfPerson(identity);
    const { functionName, roleArn = '' } = identity;
    const key = `${functionName}\n${roleArn}`;
    const known = this.#evaluators.get(key);
    const role = this.#roles.get(roleArn);
    if (known || !role) return known;
    const { accountId } = this.#app;
    const { statements, boundary } = role;
    const evaluator = new PolicyEvaluator({
      arn: arnOf(identity, this.#app),
      ...{ roleArn, accountId, statements },
      ...(boundary && { boundary }),
    });
    this.#evaluators.set(key, evaluator);
    return evaluator;
  }

  #evaluatorOfPerson(identity: Identity): PolicyEvaluator {
    const arn = arnOf(identity, this.#app);
    const known = this.#evaluators.get(arn);
    if (known) return known;
    const { accountId } = this.#app;
    const evaluator = new PolicyEvaluator({ arn, roleArn: arn, accountId, statements: ADMINISTRATOR });
    this.#evaluators.set(arn, evaluator);
    return evaluator;
  }
}

/** What a person may do, as AWS's policy AdministratorAccess says it. */
const ADMINISTRATOR = readStatements({ Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] });

function rolesOf({ roles }: AccessApp): Map<string, Role> {
  return new Map(roles.map((role) => [role.roleArn, role]));
}

function hasDenyingResource({ resourcePolicies }: AccessApp): boolean {
  return resourcePolicies.some(({ statements }) => statements.some(({ effect }) => effect === 'Deny'));
}

function policiesByArn({ resourcePolicies }: AccessApp): Map<string, PolicyStatement[]> {
  const byArn = new Map<string, PolicyStatement[]>();
  for (const { resourceArn, statements } of resourcePolicies) {
    byArn.set(resourceArn, [...(byArn.get(resourceArn) ?? []), ...statements]);
  }
  return byArn;
}
