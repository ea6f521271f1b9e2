/** Finds the app's function in the URI of an integration. */

import { functionNameIn, qualifierIn } from '../values/function-arn';
import type { ReadFunctions } from './functions';

export interface InvokedFunction {
  functionArn: string;
  functionName: string;
  qualifier?: string;
}

/** Why no function can be invoked. `path` is the part at fault, if it is not the integration itself. */
export interface NoFunction {
  path?: string;
  reason: string;
}

const INVOCATION_URI = /^arn:[^:]+:apigateway:[^:]+:lambda:path\/[^/]+\/functions\/(.+)\/invocations$/;
const FUNCTION_ARN = /^arn:[^:]+:lambda:[^:]*:[^:]*:function:/;

/** Whether a URI has API Gateway's form, the only one that WebSocket APIs accept. */
export function isInvocationUri(uri: string): boolean {
  return INVOCATION_URI.test(uri);
}

/** Inserts stage variables (`${stageVariables.name}`) in a URI. A missing variable is empty. */
export function withStageVariables(uri: string, variables: Record<string, string>): string {
  return uri.replace(/\$\{stageVariables\.([A-Za-z0-9_]+)\}/g, (_, name: string) =>
    Object.hasOwn(variables, name) ? (variables[name] ?? '') : '',
  );
}

/** @param uri API Gateway's form, or the function's own ARN, which HTTP APIs and function URLs accept */
export function invokedFunction(uri: string, functions: ReadFunctions): InvokedFunction | NoFunction {
  const functionArn = INVOCATION_URI.exec(uri)?.[1] ?? (FUNCTION_ARN.test(uri) ? uri : undefined);
  if (functionArn === undefined) {
    return { reason: `points to ${uri || 'nothing'}, which is not a Lambda function` };
  }
  const functionName = functionNameIn(functionArn);
  const qualifier = qualifierIn(functionArn);
  const failure = functions.failures.get(functionName);
  if (failure) return failure;
  const found = functions.functions.find(
    (one) =>
      one.functionName === functionName &&
      (functionArn === one.functionArn || functionArn.startsWith(`${one.functionArn}:`)),
  );
  if (!found) {
    return {
      reason: `calls ${functionArn}, which is not a function of this app; the runtime runs only the app's own functions. On AWS, the owner of an imported function also has to add a permission, because the CDK does not`,
    };
  }
  if (qualifier !== undefined && qualifier !== '$LATEST' && !found.qualifiers?.[qualifier]) {
    return {
      reason: `calls ${functionArn}, but the function has no alias or version ${qualifier}; add it to the app`,
    };
  }
  return { functionArn, functionName, ...(qualifier !== undefined && { qualifier }) };
}
