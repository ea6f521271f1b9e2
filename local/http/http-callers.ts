/** Authorizes calls to HTTP APIs, REST APIs and function URLs: by signature, policies and API key. */
import type { IncomingMessage } from 'node:http';
import type { ApiKey, HttpRoute } from '../assembly/model';
import { partitionOf } from '../aws-domains';
import type { ApiKeys } from '../gateway/api-keys';
import { sourceIp } from '../gateway/connect-request';
import type { Access, WantedAccess } from '../iam/access';
import type { CallerDescription } from '../iam/caller';
import { denialMessage } from '../iam/denial';
import { JSON_FAULTS } from '../iam/fault-codes';
import { SignatureFault } from '../iam/signature-fault';
import { type Failure, failureOf, message, upperMessage } from './failures';
import type { HttpAddress } from './http-address';

/** The credentials of an authorized request. */
export interface Caller {
  /** Present if the route requires a signature. */
  iam?: CallerDescription;
  apiKey?: ApiKey;
}

interface CalledRoute {
  address: HttpAddress & { stage: NonNullable<HttpAddress['stage']> };
  route: HttpRoute;
  request: IncomingMessage;
  method: string;
  body: Buffer;
}

const INVOKE = 'execute-api:Invoke';

export class HttpCallers {
  readonly #access: Access | undefined;
  readonly #apiKeys: ApiKeys;

  /** @param access undefined if IAM is off */
  constructor(access: Access | undefined, apiKeys: ApiKeys) {
    this.#access = access;
    this.#apiKeys = apiKeys;
  }

  /** The caller, or the refusal. A REST API checks the key after the signature. */
  admit(called: CalledRoute): Caller | Failure {
    const signed = this.#access ? this.#byPolicies(this.#access, called) : {};
    if ('statusCode' in signed) return signed;
    const { route, address, request, method } = called;
    const { apiKeys } = address.api;
    if (!route.apiKeyRequired || !apiKeys) return signed;
    const value = apiKeys.source === 'header' ? request.headers['x-api-key']?.toString() : undefined;
    const { stageName } = address.stage;
    const what = `${method} ${address.path} of ${stageName}`;
    const check = this.#apiKeys.check(
      { what, stageName, method: `${route.resource}/${route.method}` },
      apiKeys,
      value,
    );
    if (check.kind === 'identified') return { ...signed, apiKey: check.key };
    const { status, errorType, message: text = '' } = check.refusal;
    return { statusCode: status, ...(errorType !== undefined && { errorType }), body: message(text) };
  }

  #byPolicies(access: Access, called: CalledRoute): Caller | Failure {
    if (called.route.authorization === 'AWS_IAM') return this.#bySignature(access, called);
    if (called.address.api.kind !== 'REST') return {};
    const { address, method, request } = called;
    const [wanted] = wantedOf(access, called) as [WantedAccess];
    const what = `${method} ${address.path} from ${sourceIp(request)}`;
    const denial = access.refusalOfAnyone(wanted, what);
    return denial ? denied(denialMessage(denial)) : {};
  }

  #bySignature(access: Access, called: CalledRoute): Caller | Failure {
    const { address, request, body } = called;
    const { kind } = address.api;
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
function wantedOf(access: Access, { address, method, request }: CalledRoute): WantedAccess[] {
  const { api, stage, path } = address;
  const { region, accountId } = access.app;
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
  const resource = `arn:${partitionOf(region)}:execute-api:${region}:${accountId}:${api.apiId}/${stage.stageName}/${method}${withoutTrailingSlash(path)}`;
  return [{ action: INVOKE, resource, context: (key) => facts[key] }];
}

/** Routes ignore a trailing slash, so it must not lead past a policy that denies a route. */
function withoutTrailingSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
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
