/**
 * Lambda authorizers of type REQUEST. They run once, at the handshake, before `$connect`. Source: "Create an AWS Lambda
 * authorizer" for WebSocket APIs.
 */
import type { IncomingMessage } from 'node:http';
import type { LambdaAuthorizer } from '../assembly/model';
import { partitionOf } from '../aws-domains';
import type { Clock } from '../clock';
import type { NameForPeople } from '../function-names';
import type { FunctionInvoker, InvocationOutcome } from '../lambda/invocation';
import type { Log } from '../log';
import type { Address } from './address';
import { AUTHORIZER_TIMEOUT_MILLIS } from './assumptions';
import { authorizerHeaders, connectQuery } from './connect-request';
import {
  type AuthorizerContext,
  authorizerEvent,
  type ConnectionFacts,
  connectContext,
  type EventRequest,
} from './events';
import { identityIn } from './identity-source';
import { verdictOf } from './policy';
import { MAX_AUTHORIZER_RESULT_BYTES } from './quotas';
import { FORBIDDEN, INTERNAL_ERROR, type Refusal, UNAUTHORIZED } from './refusal';

export type Authorization =
  | { kind: 'refused'; refusal: Refusal }
  | {
      kind: 'authorized';
      context: AuthorizerContext;
      /** How long the function took, in milliseconds. Only the CONNECT event includes it. */
      integrationLatency: number;
      /** The API key that the function returned, for APIs that take their keys from the authorizer. */
      usageIdentifierKey?: string;
    };

export interface AuthorizersOptions {
  region: string;
  accountId: string;
  invoker: FunctionInvoker;
  clock: Clock;
  log: Log;
  nameOf: NameForPeople;
}

export class Authorizers {
  readonly #options: AuthorizersOptions;

  constructor(options: AuthorizersOptions) {
    this.#options = options;
  }

  async authorize(
    authorizer: LambdaAuthorizer,
    facts: ConnectionFacts,
    arrival: EventRequest,
    { request, address, traceId }: { request: IncomingMessage; address: Address; traceId: string },
  ): Promise<Authorization> {
    const { clock, region, accountId } = this.#options;
    const { apiId, stageName, stageVariables = {} } = facts.stage;
    const headers = authorizerHeaders(request, address, traceId);
    const query = connectQuery(request.url ?? '');
    const identity = {
      headers: headers.headers,
      query: query?.queryStringParameters ?? {},
      stageVariables,
      context: connectContext(facts, arrival),
    };
    // API Gateway does not call the function if a source is missing or empty.
    if (authorizer.identitySources.some((source) => !identityIn(source, identity)))
      return refused(UNAUTHORIZED);
    const methodArn = `arn:${partitionOf(region)}:execute-api:${region}:${accountId}:${apiId}/${stageName}/$connect`;
    const event = authorizerEvent(facts, arrival, methodArn, headers, query);
    const begun = clock.now();
    const outcome = await this.#invoke(authorizer, event, facts.connectionId);
    if (outcome === 'timedOut') return refused(INTERNAL_ERROR);
    if (outcome.kind === 'failure') {
      return refused(outcome.errorMessage === 'Unauthorized' ? UNAUTHORIZED : INTERNAL_ERROR);
    }
    const read = this.#read(authorizer, outcome.payload, methodArn);
    return read.kind === 'refused' ? read : { ...read, integrationLatency: clock.now() - begun };
  }

  #invoke(
    { functionName, qualifier }: LambdaAuthorizer,
    event: string,
    connectionId: string,
  ): Promise<InvocationOutcome | 'timedOut'> {
    const { invoker, clock, log, nameOf } = this.#options;
    const target = qualifier === undefined ? functionName : `${functionName}:${qualifier}`;
    return new Promise((resolve, reject) => {
      const alarm = clock.after(AUTHORIZER_TIMEOUT_MILLIS, () => {
        log.warn(
          `${nameOf(functionName)} did not authorize a handshake within ${AUTHORIZER_TIMEOUT_MILLIS} ms. It keeps running.`,
        );
        resolve('timedOut');
      });
      invoker
        .invoke(target, event, `authorizer ${connectionId}`)
        .finally(() => alarm.cancel())
        .then(resolve, reject);
    });
  }

  #read(
    { functionName }: LambdaAuthorizer,
    payload: string,
    methodArn: string,
  ):
    | { kind: 'refused'; refusal: Refusal }
    | { kind: 'authorized'; context: AuthorizerContext; usageIdentifierKey?: string } {
    const malformed = (what: string) => {
      const name = this.#options.nameOf(functionName);
      this.#options.log.warn(`${name} returned ${what}, so the handshake gets 500.`);
      return refused(INTERNAL_ERROR);
    };
    if (Buffer.byteLength(payload) > MAX_AUTHORIZER_RESULT_BYTES) {
      return malformed(`a result above ${MAX_AUTHORIZER_RESULT_BYTES} bytes, the quota`);
    }
    const result: unknown = JSON.parse(payload);
    if (typeof result !== 'object' || result === null || Array.isArray(result)) {
      return malformed('something other than an object; it must return { principalId, policyDocument }');
    }
    const {
      principalId,
      policyDocument,
      context = {},
      usageIdentifierKey,
    } = result as Record<string, unknown>;
    const verdict = verdictOf(policyDocument, methodArn);
    if (verdict === 'malformed') {
      return malformed('no policy document; WebSocket APIs do not support { isAuthorized }');
    }
    if (typeof principalId !== 'string') return malformed('no principalId, which must be a string');
    const strings = contextOf(context);
    if (typeof strings === 'string') return malformed(strings);
    if (verdict === 'denied') return refused(FORBIDDEN);
    return {
      kind: 'authorized',
      context: { ...strings, principalId },
      ...(typeof usageIdentifierKey === 'string' && { usageIdentifierKey }),
    };
  }
}

function refused(refusal: Refusal): { kind: 'refused'; refusal: Refusal } {
  return { kind: 'refused', refusal };
}

/** The values as strings, or what is wrong with the context. */
function contextOf(context: unknown): Record<string, string> | string {
  if (context === null) return {};
  if (typeof context !== 'object' || Array.isArray(context)) return 'a context that is not an object';
  const strings: Record<string, string> = {};
  for (const [name, value] of Object.entries(context)) {
    if (!['string', 'number', 'boolean'].includes(typeof value)) {
      return `the value ${JSON.stringify(value)} for ${name} of its context, which may be a string, a number or a boolean`;
    }
    strings[name] = String(value);
  }
  return strings;
}
