/**
 * Lambda authorizers of HTTP APIs and REST APIs. Sources: "Control access to HTTP APIs with AWS Lambda authorizers",
 * "Use API Gateway Lambda authorizers" (REST).
 */
import type { HttpLambdaAuthorizer } from '../../assembly/model';
import { isObject } from '../../assembly/values/json';
import { AuthorizerCalls, type AuthorizerCallsOptions } from '../../authorizers/authorizer-calls';
import {
  contextStrings,
  type PolicyResult,
  readPolicyResult,
  readResult,
} from '../../authorizers/authorizer-result';
import { type Identity, identityIn } from '../../authorizers/identity-source';
import { verdictOf } from '../../authorizers/policy';
import { AUTHORIZER_TIMEOUT_MILLIS } from '../assumptions';
import { type Failure, failureOf } from '../failures';
import type { AuthorizedCaller } from './authorized-caller';
import { authorizerFailure, deniedByPolicy, URI_TOO_LONG, unauthorized } from './authorizer-refusals';
import { KeptResults, keptKey } from './kept-results';
import { isMatch } from './token-authorizers';

/** Of REST APIs. Source: "Output from an Amazon API Gateway Lambda authorizer". */
const MAX_METHOD_ARN_BYTES = 1_600;
const MAX_RESOURCE_CHARACTERS = 512;

export interface LambdaRequest {
  kind: 'HTTP' | 'REST';
  /** Identifies kept results: the API and the stage. */
  stage: string;
  identity: Identity;
  methodArn: string;
  /** Whether the API's own policy allows the request. In that case, a result without a matching statement is enough. */
  isAllowedByPolicy: boolean;
  /** For the log: `GET /rooms`. */
  what: string;
  /** The authorizer's event. */
  event(values: string[]): object;
}

interface SimpleResult {
  isAuthorized: boolean;
  context: unknown;
}

type Result = (PolicyResult | SimpleResult) & { context: Record<string, unknown> | null };

export class LambdaAuthorizers {
  readonly #options: AuthorizerCallsOptions;
  readonly #calls: AuthorizerCalls;
  #kept: KeptResults<Result>;

  constructor(options: AuthorizerCallsOptions) {
    this.#options = options;
    this.#calls = new AuthorizerCalls(options);
    this.#kept = new KeptResults(options.clock);
  }

  /** Forgets all results, as a deployment does, also those of functions that still run. */
  clear(): void {
    this.#kept = new KeptResults(this.#options.clock);
  }

  async authorize(
    authorizer: HttpLambdaAuthorizer,
    request: LambdaRequest,
  ): Promise<AuthorizedCaller | Failure> {
    const { kind, identity, what, methodArn } = request;
    if (kind === 'REST' && Buffer.byteLength(methodArn) > MAX_METHOD_ARN_BYTES) {
      return this.#refuse(
        what,
        `the ARN of its method has more than ${MAX_METHOD_ARN_BYTES} bytes`,
        URI_TOO_LONG,
      );
    }
    const values = authorizer.identitySources.map((source) => identityIn(source, identity) ?? '');
    const missing = authorizer.identitySources.find((_, index) => !values[index]);
    if (missing !== undefined && isRequired(authorizer))
      return this.#refuse(what, `it lacks ${missing}`, unauthorized(kind));
    if (authorizer.validation !== undefined && !isMatch(authorizer.validation, values[0] ?? '')) {
      const why = 'its token does not match the validation expression of the authorizer';
      return this.#refuse(what, why, unauthorized(kind));
    }
    const key = keptKey(authorizer.path, request.stage, ...values);
    const kept = this.#kept;
    const earlier = authorizer.cacheSeconds > 0 ? kept.get(key) : undefined;
    if (earlier) return callerOf(earlier, request, 0);
    const begun = this.#options.clock.now();
    const result = await this.#ask(authorizer, request, values);
    if ('statusCode' in result) return result;
    if (authorizer.cacheSeconds > 0) kept.keep(key, result, authorizer.cacheSeconds);
    return callerOf(result, request, this.#options.clock.now() - begun);
  }

  async #ask(
    authorizer: HttpLambdaAuthorizer,
    { kind, what, event }: LambdaRequest,
    values: string[],
  ): Promise<Result | Failure> {
    const outcome = await this.#calls.call(authorizer, {
      event: JSON.stringify(event(values)),
      ...{ subject: `authorizer of ${what}`, what, timeoutMillis: AUTHORIZER_TIMEOUT_MILLIS[kind] },
    });
    if (outcome === 'timedOut') return authorizerFailure(kind);
    // The function's own log has its error.
    if (outcome.kind === 'failure') {
      return outcome.errorMessage === 'Unauthorized' ? unauthorized(kind) : authorizerFailure(kind);
    }
    const result = authorizer.isSimple
      ? readSimpleResult(outcome.payload)
      : readPolicyResult(outcome.payload);
    if (typeof result === 'string') return this.#malformed(authorizer, kind, what, result);
    if (kind === 'REST' && 'policyDocument' in result && hasLongResource(result)) {
      const fault = `a policy with a Resource of more than ${MAX_RESOURCE_CHARACTERS} characters, the quota`;
      return this.#malformed(authorizer, kind, what, fault);
    }
    const context = contextOf(result.context, kind);
    if (typeof context === 'string') return this.#malformed(authorizer, kind, what, context);
    return { ...result, context };
  }

  #malformed(
    { functionName }: HttpLambdaAuthorizer,
    kind: LambdaRequest['kind'],
    what: string,
    fault: string,
  ): Failure {
    const { log, nameOf } = this.#options;
    log.warn(`${nameOf(functionName)} returned ${fault}, so ${what} gets 500.`);
    return authorizerFailure(kind);
  }

  #refuse(what: string, why: string, failure: Failure): Failure {
    this.#options.log.warn(`${what} is refused with ${failure.statusCode}: ${why}.`);
    return failure;
  }
}

/**
 * Without an identity, the function is not called. REST APIs ignore the identity sources of a REQUEST authorizer
 * whose results are not kept. Source: "Configure a Lambda authorizer using the API Gateway console".
 */
function isRequired({ type, payloadFormat, cacheSeconds }: HttpLambdaAuthorizer): boolean {
  const isRest = payloadFormat === undefined;
  return !isRest || type === 'TOKEN' || cacheSeconds > 0;
}

/** The policy of a kept result is evaluated again for each method. */
function callerOf(
  result: Result,
  { kind, methodArn, isAllowedByPolicy }: LambdaRequest,
  integrationLatency: number,
): AuthorizedCaller | Failure {
  const { context } = result;
  if ('isAuthorized' in result) {
    if (!result.isAuthorized) return failureOf('HTTP', 'forbidden');
    return { kind: 'lambda', context, integrationLatency };
  }
  const verdict = verdictOf(result.policyDocument, methodArn);
  if (verdict === 'denied' || (verdict === 'notAllowed' && !isAllowedByPolicy)) {
    return kind === 'HTTP' ? failureOf('HTTP', 'forbidden') : deniedByPolicy(verdict === 'denied');
  }
  const { principalId, usageIdentifierKey } = result;
  return {
    ...{ kind: 'lambda', principalId, context, integrationLatency },
    ...(usageIdentifierKey !== undefined && { usageIdentifierKey }),
  };
}

function hasLongResource({ policyDocument }: PolicyResult): boolean {
  return [policyDocument.Statement].flat().some((statement) => {
    const resources = [isObject(statement) ? statement.Resource : undefined].flat();
    return resources.some((resource) => String(resource).length > MAX_RESOURCE_CHARACTERS);
  });
}

function readSimpleResult(payload: string): SimpleResult | string {
  const result = readResult(payload);
  if (typeof result === 'string') return result;
  const { isAuthorized, context = null } = result;
  if (typeof isAuthorized !== 'boolean') return 'no isAuthorized, which must be true or false';
  return { isAuthorized, context };
}

/** HTTP APIs pass the context on as it is; REST APIs accept only text, numbers and booleans, and pass on text. */
function contextOf(context: unknown, kind: LambdaRequest['kind']): Record<string, unknown> | null | string {
  if (kind === 'REST') return contextStrings(context);
  if (context === null) return null;
  if (typeof context !== 'object' || Array.isArray(context)) return 'a context that is not an object';
  return context as Record<string, unknown>;
}
