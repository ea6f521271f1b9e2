/** Authorizes calls to HTTP APIs, REST APIs and function URLs: by signature, policies, authorizer and API key. */
import type { IncomingMessage } from 'node:http';
import type { HttpAuthorizer } from '../assembly/model';
import type { ApiKeys } from '../gateway/api-keys';
import { sourceIp } from '../gateway/connect-request';
import type { Access, WantedAccess } from '../iam/access';
import { denialMessage } from '../iam/denial';
import { JSON_FAULTS } from '../iam/fault-codes';
import type { VerdictOnAnyone } from '../iam/policy-evaluator';
import { SignatureFault } from '../iam/signature-fault';
import type { HttpAuthorizers } from './authorizers/http-authorizers';
import type { Caller } from './caller';
import { type Failure, failureOf, message, upperMessage } from './failures';
import { methodArn } from './method-arn';
import type { ArrivedRequest } from './proxy-request';

interface CalledRoute {
  arrived: ArrivedRequest;
  request: IncomingMessage;
  body: Buffer;
}

const INVOKE = 'execute-api:Invoke';

export class HttpCallers {
  readonly #access: Access | undefined;
  readonly #authorizers: HttpAuthorizers;
  readonly #apiKeys: ApiKeys;

  /** @param access undefined if IAM is off */
  constructor(access: Access | undefined, authorizers: HttpAuthorizers, apiKeys: ApiKeys) {
    this.#access = access;
    this.#authorizers = authorizers;
    this.#apiKeys = apiKeys;
  }

  /** The caller, or the refusal. A REST API checks the key last. */
  async admit(called: CalledRoute): Promise<Caller | Failure> {
    const { authorizer } = called.arrived.matched.route;
    const caller = authorizer ? await this.#byAuthorizer(authorizer, called) : this.#byPolicies(called);
    return 'statusCode' in caller ? caller : this.#withKey(called, caller);
  }

  /**
   * The policy of a REST API may deny before a Lambda authorizer is called; its result then counts together with the
   * policy. Cognito's authorizers come before the policy, which must allow the request. Source: "How API Gateway resource
   * policies affect authorization workflow".
   */
  async #byAuthorizer(authorizer: HttpAuthorizer, called: CalledRoute): Promise<Caller | Failure> {
    const isLambda = authorizer.type === 'TOKEN' || authorizer.type === 'REQUEST';
    const verdict = isLambda ? this.#verdictOfPolicy(called) : undefined;
    if (verdict === 'denied by resource') return this.#byPolicies(called);
    const isAllowedByPolicy = verdict === 'allowed';
    const authorized = await this.#authorizers.authorize(authorizer, called.arrived, isAllowedByPolicy);
    if ('statusCode' in authorized) return authorized;
    const caller = isLambda ? {} : this.#byPolicies(called);
    return 'statusCode' in caller ? caller : { ...caller, authorized };
  }

  #verdictOfPolicy(called: CalledRoute): VerdictOnAnyone | undefined {
    if (!this.#access || called.arrived.address.api.kind !== 'REST') return undefined;
    const [wanted] = wantedOf(this.#access, called) as [WantedAccess];
    return this.#access.verdictOnAnyone(wanted);
  }

  #withKey({ arrived, request }: CalledRoute, caller: Caller): Caller | Failure {
    const { address, matched, method } = arrived;
    const { route } = matched;
    const { apiKeys } = address.api;
    if (!route.apiKeyRequired || !apiKeys) return caller;
    const { authorized } = caller;
    const ofAuthorizer = authorized?.kind === 'lambda' ? authorized.usageIdentifierKey : undefined;
    const value = apiKeys.source === 'header' ? request.headers['x-api-key']?.toString() : ofAuthorizer;
    const { stageName } = address.stage;
    const what = `${method} ${address.path} of ${stageName}`;
    const check = this.#apiKeys.check(
      { what, stageName, method: `${route.resource}/${route.method}` },
      apiKeys,
      value,
    );
    if (check.kind === 'identified') return { ...caller, apiKey: check.key };
    const { status, errorType, message: text = '' } = check.refusal;
    return { statusCode: status, ...(errorType !== undefined && { errorType }), body: message(text) };
  }

  #byPolicies(called: CalledRoute): Caller | Failure {
    const access = this.#access;
    if (!access) return {};
    const { arrived, request } = called;
    const { address, matched, method } = arrived;
    if (matched.route.authorization === 'AWS_IAM') return this.#bySignature(access, called);
    if (address.api.kind !== 'REST') return {};
    const [wanted] = wantedOf(access, called) as [WantedAccess];
    const what = `${method} ${address.path} from ${sourceIp(request)}`;
    const denial = access.refusalOfAnyone(wanted, what);
    return denial ? denied(denialMessage(denial)) : {};
  }

  #bySignature(access: Access, called: CalledRoute): Caller | Failure {
    const { arrived, request, body } = called;
    const { kind } = arrived.address.api;
    try {
      const caller = access.authenticate(request, kind === 'FUNCTION_URL' ? 'lambda' : 'execute-api', body);
      for (const wanted of wantedOf(access, called)) {
        const denial = access.refusal(caller, wanted);
        if (!denial) continue;
        return kind === 'REST' ? denied(denialMessage(denial)) : failureOf(kind, 'forbidden');
      }
      return { iam: access.describe(caller) };
    } catch (error) {
      if (!(error instanceof SignatureFault)) throw error;
      // HTTP APIs give no further reason.
      if (kind === 'HTTP' || (kind === 'FUNCTION_URL' && error.kind === 'missing')) {
        return failureOf(kind, 'forbidden');
      }
      return { statusCode: 403, errorType: JSON_FAULTS[error.kind], body: message(error.message) };
    }
  }
}

/** The permissions that a caller needs. A function URL has required two since October 2025. */
function wantedOf(access: Access, { arrived, request }: CalledRoute): WantedAccess[] {
  const { address, method } = arrived;
  const { api } = address;
  const facts = factsOf(request);
  if (api.kind === 'FUNCTION_URL') {
    const resource = api.functionArn ?? '*';
    const own: Record<string, string[]> = { 'lambda:functionurlauthtype': ['AWS_IAM'] };
    const via: Record<string, string[]> = { 'lambda:invokedviafunctionurl': ['true'] };
    return [
      { action: 'lambda:InvokeFunctionUrl', resource, context: (key) => own[key] ?? facts[key] },
      { action: 'lambda:InvokeFunction', resource, context: (key) => via[key] ?? facts[key] },
    ];
  }
  const resource = methodArn(address, method, access.app);
  return [{ action: INVOKE, resource, context: (key) => facts[key] }];
}

/** The condition keys that depend on the request. */
function factsOf(request: IncomingMessage): Record<string, string[] | undefined> {
  const { referer, 'user-agent': userAgent } = request.headers;
  return {
    'aws:sourceip': [sourceIp(request)],
    ...(userAgent !== undefined && { 'aws:useragent': [userAgent] }),
    ...(referer !== undefined && { 'aws:referer': [referer] }),
  };
}

function denied(text: string): Failure {
  return { statusCode: 403, errorType: 'AccessDeniedException', body: upperMessage(text) };
}
