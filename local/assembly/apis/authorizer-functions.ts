/** The function of a Lambda authorizer, and whether API Gateway has permission to invoke it. */
import type { Assembly } from '../assembly';
import type { ReadFunctions } from '../functions/functions';
import { invokedFunction } from '../functions/invoked-function';
import type { HttpNotRun } from '../model';
import { GatewayPermissions } from '../permissions/gateway-permissions';
import type { Resource } from '../values/resource';

export interface AuthorizerFunction {
  type: 'FUNCTION';
  functionName: string;
  qualifier?: string;
}

export interface AuthorizerTarget {
  uri: string;
  /** The ARN of the role with which API Gateway invokes the function. @default the function's permissions decide */
  credentials: string | undefined;
  apiId: string;
  authorizerId: string;
  /** The construct that adds the permission: `WebSocketLambdaAuthorizer`. */
  construct: string;
}

export class AuthorizerFunctions {
  readonly #functions: ReadFunctions;
  readonly #permissions: GatewayPermissions;

  constructor(assembly: Assembly, functions: ReadFunctions) {
    this.#functions = functions;
    this.#permissions = new GatewayPermissions(assembly);
  }

  find({ path }: Resource, target: AuthorizerTarget): AuthorizerFunction | HttpNotRun {
    const invoked = invokedFunction(target.uri, this.#functions);
    if ('reason' in invoked) return { type: 'NOT_RUN', path: invoked.path ?? path, reason: invoked.reason };
    const { functionName, qualifier } = invoked;
    const { credentials, apiId, authorizerId, construct } = target;
    const reason = this.#permissions.refusal(invoked, {
      credentials,
      sources: [`${apiId}/authorizers/${authorizerId}`],
      notPermitted: () =>
        `API Gateway has no permission to invoke the authorizer's function ${functionName}; add an AWS::Lambda::Permission for apigateway.amazonaws.com, as ${construct} does`,
    });
    if (reason !== undefined) return { type: 'NOT_RUN', path, reason, isNotPermitted: true };
    return { type: 'FUNCTION', functionName, ...(qualifier !== undefined && { qualifier }) };
  }
}
