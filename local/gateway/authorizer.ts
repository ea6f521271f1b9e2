/**
 * Lambda authorizers of type REQUEST. They run once, at the handshake, before `$connect`. Source: "Create an AWS Lambda
 * authorizer" for WebSocket APIs.
 */
import type { IncomingMessage } from 'node:http';
import type { LambdaAuthorizer } from '../assembly/model';
import { AuthorizerCalls, type AuthorizerCallsOptions } from '../authorizers/authorizer-calls';
import { contextStrings, readPolicyResult } from '../authorizers/authorizer-result';
import { identityIn } from '../authorizers/identity-source';
import { verdictOf } from '../authorizers/policy';
import { partitionOf } from '../aws-domains';
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

export interface AuthorizersOptions extends AuthorizerCallsOptions {
  region: string;
  accountId: string;
}

export class Authorizers {
  readonly #options: AuthorizersOptions;
  readonly #calls: AuthorizerCalls;

  constructor(options: AuthorizersOptions) {
    this.#options = options;
    this.#calls = new AuthorizerCalls(options);
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
    const outcome = await this.#calls.call(authorizer, {
      ...{ event, subject: `authorizer ${facts.connectionId}`, what: 'a handshake' },
      timeoutMillis: AUTHORIZER_TIMEOUT_MILLIS,
    });
    if (outcome === 'timedOut') return refused(INTERNAL_ERROR);
    if (outcome.kind === 'failure') {
      return refused(outcome.errorMessage === 'Unauthorized' ? UNAUTHORIZED : INTERNAL_ERROR);
    }
    const read = this.#read(authorizer, outcome.payload, methodArn);
    return read.kind === 'refused' ? read : { ...read, integrationLatency: clock.now() - begun };
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
    const result = readPolicyResult(payload);
    if (typeof result === 'string') return malformed(result);
    const { principalId, policyDocument, usageIdentifierKey } = result;
    const strings = contextStrings(result.context);
    if (typeof strings === 'string') return malformed(strings);
    if (verdictOf(policyDocument, methodArn) !== 'allowed') return refused(FORBIDDEN);
    return {
      kind: 'authorized',
      context: { ...strings, principalId },
      ...(usageIdentifierKey !== undefined && { usageIdentifierKey }),
    };
  }
}

function refused(refusal: Refusal): { kind: 'refused'; refusal: Refusal } {
  return { kind: 'refused', refusal };
}
