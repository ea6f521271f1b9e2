/** Function policies: an AWS service may invoke a function only if an AWS::Lambda::Permission allows it. */
import type { Assembly } from '../assembly';
import { functionNameIn, qualifierIn } from '../values/function-arn';
import type { Resource } from '../values/resource';
import { isArnLike } from './arn-pattern';

interface Permission {
  resource: Resource;
  functionName: string;
  qualifier: string;
}

/** The permissions of one AWS service, such as `apigateway.amazonaws.com`, to invoke the app's functions. */
export class LambdaPermissions {
  readonly #permissions: Permission[];

  constructor(assembly: Assembly, principal: string) {
    this.#permissions = assembly
      .resources('AWS::Lambda::Permission')
      .filter((permission) => grantsInvocation(permission, principal))
      .map((resource) => {
        const target = resource.text('FunctionName') ?? '';
        const qualifier = qualifierIn(target) ?? '$LATEST';
        return { resource, functionName: functionNameIn(target), qualifier };
      });
  }

  /**
   * Whether the function may be invoked on behalf of a resource: `cover(name, 'events', 'rule/Nightly')`.
   * @param qualifier an alias or a version, which needs a permission of its own. @default any permission of the
   * function counts
   */
  cover(functionName: string, service: string, resource: string, qualifier?: string): boolean {
    return this.#allow(functionName, (permission) => permission.stack.arn(service, resource), qualifier);
  }

  /** Like `cover`, with the resource's whole ARN. */
  coverArn(functionName: string, arn: string): boolean {
    return this.#allow(functionName, () => arn);
  }

  /** The sources that the function's permissions allow, in readable form. */
  sourcesOf(functionName: string): string {
    return this.#of(functionName)
      .map((permission) => permission.text('SourceArn'))
      .join(', ');
  }

  #allow(functionName: string, arnFor: (permission: Resource) => string, qualifier?: string): boolean {
    return this.#of(functionName, qualifier).some((permission) => {
      const pattern = permission.text('SourceArn');
      return pattern === undefined || isArnLike(arnFor(permission), pattern);
    });
  }

  #of(functionName: string, qualifier?: string): Resource[] {
    return this.#permissions
      .filter(
        (permission) =>
          permission.functionName === functionName &&
          (qualifier === undefined || permission.qualifier === qualifier),
      )
      .map(({ resource }) => resource);
  }
}

/** IAM ignores the case of actions, and CloudFormation also allows `lambda:*` and `*`. */
const INVOKING_ACTION = /^(lambda:invokefunction|lambda:\*|\*)$/i;

function grantsInvocation(permission: Resource, principal: string): boolean {
  const granted = permission.text('Principal');
  return (
    (granted === principal || granted === '*') &&
    INVOKING_ACTION.test(permission.text('Action') ?? '') &&
    // Everybody's, but only by the function's URL.
    !permission.flag('InvokedViaFunctionUrl') &&
    (permission.text('SourceAccount') ?? permission.stack.accountId) === permission.stack.accountId
  );
}
