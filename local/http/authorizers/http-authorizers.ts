/** Runs the authorizer of a route. */
import type { HttpAuthorizer } from '../../assembly/model';
import type { AuthorizerCallsOptions } from '../../authorizers/authorizer-calls';
import type { Identity } from '../../authorizers/identity-source';
import type { Failure } from '../failures';
import { methodArn } from '../method-arn';
import { event1, event2 } from '../proxy-event';
import type { ArrivedRequest } from '../proxy-request';
import type { AuthorizedCaller } from './authorized-caller';
import { authorizerEvent } from './authorizer-event';
import { authorizerFailure } from './authorizer-refusals';
import type { FetchJson } from './fetched-json';
import { IssuerKeys, type KeySetFileReader } from './issuer-keys';
import { LambdaAuthorizers } from './lambda-authorizers';
import { TokenAuthorizers } from './token-authorizers';
import { TokenVerification } from './token-verification';

export interface HttpAuthorizersOptions extends AuthorizerCallsOptions {
  region: string;
  accountId: string;
  /** The files of `--jwks`. */
  keySets: KeySetFileReader;
  /** @default from the network */
  fetchJson?: FetchJson;
}

export class HttpAuthorizers {
  readonly #options: HttpAuthorizersOptions;
  readonly #tokens: TokenAuthorizers;
  readonly #lambdas: LambdaAuthorizers;

  constructor(options: HttpAuthorizersOptions) {
    this.#options = options;
    const { keySets: files, clock, log, fetchJson } = options;
    const keys = new IssuerKeys({ files, clock, log, ...(fetchJson && { fetchJson }) });
    this.#tokens = new TokenAuthorizers(new TokenVerification(keys, clock), log);
    this.#lambdas = new LambdaAuthorizers(options);
  }

  /** Forgets results of functions, as a deployment does. */
  redeploy(): void {
    this.#lambdas.clear();
  }

  /** @param isAllowedByPolicy whether the policy of a REST API allows the request, so that no authorizer has to */
  async authorize(
    authorizer: HttpAuthorizer,
    request: ArrivedRequest,
    isAllowedByPolicy: boolean,
  ): Promise<AuthorizedCaller | Failure> {
    const { accountId, region, log } = this.#options;
    const { address, method, matched } = request;
    const { stage, path } = address;
    const kind = address.api.kind === 'REST' ? 'REST' : 'HTTP';
    const what = `${method} ${path} of ${stage.stageName}`;
    if (authorizer.type === 'NOT_RUN') {
      log.warn(
        `${what} fails, because the runtime does not run ${authorizer.path}. The list at the start says why.`,
      );
      return authorizerFailure(kind);
    }
    const identity = this.#identityOf(request);
    const token = { identity, scopes: matched.route.authorizationScopes ?? [], what };
    if (authorizer.type === 'JWT') return this.#tokens.ofHttpApi(authorizer, token);
    if (authorizer.type === 'COGNITO_USER_POOLS') return this.#tokens.ofRestApi(authorizer, token);
    const arn = methodArn(address, method, { region, accountId });
    return this.#lambdas.authorize(authorizer, {
      ...{ kind, identity, what, methodArn: arn, isAllowedByPolicy },
      stage: `${address.api.apiId}/${stage.stageName}`,
      event: (values) => authorizerEvent(authorizer, request, { methodArn: arn, accountId, values }),
    });
  }

  #identityOf(request: ArrivedRequest): Identity {
    const proxied = { ...request, caller: {} };
    const { accountId } = this.#options;
    return {
      headers: joined(request.headers),
      query: joined(request.query),
      stageVariables: request.address.stage.variables,
      // Few authorizers read it.
      get context() {
        const { routeKey } = event2(proxied, accountId);
        return { ...event1(proxied, accountId).requestContext, routeKey };
      },
    };
  }
}

/** Joins the values of a repeated header or parameter. */
function joined(pairs: [string, string[]][]): Record<string, string> {
  return Object.fromEntries(pairs.map(([name, values]) => [name, values.join(',')]));
}
