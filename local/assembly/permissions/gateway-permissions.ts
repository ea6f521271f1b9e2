/** Whether API Gateway may invoke a function: by the role that it was given, or else by the function's permissions. */
import type { Assembly } from '../assembly';
import type { InvokedFunction } from '../functions/invoked-function';
import { InvokingRoles } from './invoking-roles';
import { LambdaPermissions } from './lambda-permissions';

const SERVICE = 'apigateway.amazonaws.com';

export interface Invocation {
  /** The ARN of the role with which API Gateway invokes the function. @default the function's permissions decide */
  credentials: string | undefined;
  /** `apiId/stage/routeKey`: one of these must be permitted. */
  sources: string[];
  /** What to say if none is. `others` are the sources of the permissions that the function has. */
  notPermitted: (others: string) => string;
}

export class GatewayPermissions {
  readonly #permissions: LambdaPermissions;
  readonly #roles: InvokingRoles;

  constructor(assembly: Assembly) {
    this.#permissions = new LambdaPermissions(assembly, SERVICE);
    this.#roles = new InvokingRoles(assembly, SERVICE);
  }

  /** Why API Gateway may not invoke the function. Undefined if it may. */
  refusal(
    { functionArn, functionName, qualifier = '$LATEST' }: InvokedFunction,
    { credentials, sources, notPermitted }: Invocation,
  ): string | undefined {
    if (credentials !== undefined) return this.#roles.refusal(credentials, functionArn);
    const isPermitted = sources.some((source) =>
      this.#permissions.cover(functionName, 'execute-api', source, qualifier),
    );
    return isPermitted ? undefined : notPermitted(this.#permissions.sourcesOf(functionName));
  }
}
