/** Function policies: API Gateway may run a function only where an AWS::Lambda::Permission says so; else AWS answers 500. */
import { UserError } from '../user-error';
import type { Assembly } from './assembly';
import type { WebSocketApi } from './model';
import type { Resource } from './resource';
import { functionNameIn } from './resource-values';

/** @throws {UserError} naming the first route whose function API Gateway may not invoke. */
export function refuseMissingPermissions(apis: WebSocketApi[], assembly: Assembly): void {
  const permissions = assembly
    .resources('AWS::Lambda::Permission')
    .filter((permission) => grantsInvocation(permission))
    .map((permission) => ({
      resource: permission,
      functionName: functionNameIn(permission.text('FunctionName') ?? ''),
    }));
  for (const api of apis) {
    for (const route of api.routes) {
      const { functionName } = route.integration;
      const ofFunction = permissions.filter((permission) => permission.functionName === functionName);
      for (const stage of api.stages) {
        if (ofFunction.some(({ resource }) => covers(resource, api.apiId, stage.stageName, route.routeKey)))
          continue;
        const others = ofFunction.map(({ resource }) => resource.text('SourceArn')).join(', ');
        throw new UserError(
          `${route.path}: API Gateway may not invoke ${functionName} for the route ${route.routeKey} of stage ${stage.stageName}; AWS would answer 500. ${
            others ? `Its permissions are for ${others}. ` : ''
          }Add an AWS::Lambda::Permission for apigateway.amazonaws.com (WebSocketLambdaIntegration does it by itself).`,
        );
      }
    }
  }
}

function grantsInvocation(permission: Resource): boolean {
  const action = permission.text('Action');
  return (
    permission.text('Principal') === 'apigateway.amazonaws.com' &&
    (action === 'lambda:InvokeFunction' || action === 'lambda:*') &&
    (permission.text('SourceAccount') ?? permission.stack.accountId) === permission.stack.accountId
  );
}

function covers(permission: Resource, apiId: string, stageName: string, routeKey: string): boolean {
  const pattern = permission.text('SourceArn');
  if (pattern === undefined) return true;
  return isLike(permission.stack.arn('execute-api', `${apiId}/${stageName}/${routeKey}`), pattern);
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
