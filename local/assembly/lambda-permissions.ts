/** Function policies: an AWS service may run a function only where an AWS::Lambda::Permission says so. */
import { UserError } from '../user-error';
import type { Assembly } from './assembly';
import type { WebSocketApi } from './model';
import type { Resource } from './resource';
import { functionNameIn } from './resource-values';

/** What the app's permissions let one AWS service, such as `apigateway.amazonaws.com`, invoke. */
export class LambdaPermissions {
  readonly #permissions: { resource: Resource; functionName: string }[];

  constructor(assembly: Assembly, principal: string) {
    this.#permissions = assembly
      .resources('AWS::Lambda::Permission')
      .filter((permission) => grantsInvocation(permission, principal))
      .map((resource) => ({ resource, functionName: functionNameIn(resource.text('FunctionName') ?? '') }));
  }

  /** Whether the function may be invoked on behalf of a resource: `cover(name, 'events', 'rule/Nightly')`. */
  cover(functionName: string, service: string, resource: string): boolean {
    return this.#allow(functionName, (permission) => permission.stack.arn(service, resource));
  }

  /** The same for a resource whose ARN has another form. */
  coverArn(functionName: string, arn: string): boolean {
    return this.#allow(functionName, () => arn);
  }

  /** The sources for which the function has permissions, as people read them. */
  sourcesOf(functionName: string): string {
    return this.#of(functionName)
      .map((permission) => permission.text('SourceArn'))
      .join(', ');
  }

  #allow(functionName: string, arnFor: (permission: Resource) => string): boolean {
    return this.#of(functionName).some((permission) => {
      const pattern = permission.text('SourceArn');
      return pattern === undefined || isLike(arnFor(permission), pattern);
    });
  }

  #of(functionName: string): Resource[] {
    return this.#permissions
      .filter((permission) => permission.functionName === functionName)
      .map(({ resource }) => resource);
  }
}

/** @throws {UserError} naming the first route whose function API Gateway may not invoke. */
export function refuseMissingPermissions(apis: WebSocketApi[], assembly: Assembly): void {
  const permissions = new LambdaPermissions(assembly, 'apigateway.amazonaws.com');
  for (const api of apis) {
    for (const route of api.routes) {
      const { functionName } = route.integration;
      for (const stage of api.stages) {
        const resource = `${api.apiId}/${stage.stageName}/${route.routeKey}`;
        if (permissions.cover(functionName, 'execute-api', resource)) continue;
        const others = permissions.sourcesOf(functionName);
        throw new UserError(
          `${route.path}: API Gateway may not invoke ${functionName} for the route ${route.routeKey} of stage ${stage.stageName}; AWS would answer 500. ${
            others ? `Its permissions are for ${others}. ` : ''
          }Add an AWS::Lambda::Permission for apigateway.amazonaws.com (WebSocketLambdaIntegration does it by itself).`,
        );
      }
    }
  }
}

function grantsInvocation(permission: Resource, principal: string): boolean {
  const action = permission.text('Action');
  return (
    permission.text('Principal') === principal &&
    (action === 'lambda:InvokeFunction' || action === 'lambda:*') &&
    (permission.text('SourceAccount') ?? permission.stack.accountId) === permission.stack.accountId
  );
}

/** IAM's ArnLike: `*` and `?` stand for anything within one of the six parts that colons divide. */
function isLike(arn: string, pattern: string): boolean {
  const [parts, patterns] = [arn, pattern].map((text) => text.split(':')) as [string[], string[]];
  const [partsOfArn, partsOfPattern] = [parts, patterns].map((all) => [
    ...all.slice(0, 5),
    all.slice(5).join(':'),
  ]);
  return (partsOfArn ?? []).every((part, index) => glob(partsOfPattern?.[index] ?? '').test(part));
}

function glob(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's');
}
