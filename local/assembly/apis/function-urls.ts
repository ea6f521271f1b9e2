/** Function URLs (`AWS::Lambda::Url`): a function that answers every request to its own host. */
import type { Assembly } from '../assembly';
import type { ReadFunctions } from '../functions/functions';
import { invokedFunction } from '../functions/invoked-function';
import type { HttpApi, HttpApiIntegration } from '../model';
import type { Resource } from '../values/resource';
import { functionNameIn, functionUrlId } from '../values/resource-values';
import { corsRules } from './http-apis';

/** A function URL has no time limit except the function's own: fifteen minutes at most. */
const MAX_TIMEOUT_MILLIS = 900_000;

export function readFunctionUrls(assembly: Assembly, functions: ReadFunctions): HttpApi[] {
  return assembly.resources('AWS::Lambda::Url').map((url): HttpApi => {
    const cors = corsRules(url.property('Cors'));
    const integration = integrationOf(url, assembly, functions);
    return {
      kind: 'FUNCTION_URL',
      path: url.path,
      apiId: functionUrlId(url),
      name: functionNameIn(url.text('TargetFunctionArn') ?? ''),
      stages: [{ stageName: '$default', variables: {} }],
      routes: [{ path: url.path, method: 'ANY', resource: '$default', integration }],
      ...(cors && { cors }),
      binaryMediaTypes: [],
    };
  });
}

function integrationOf(url: Resource, assembly: Assembly, functions: ReadFunctions): HttpApiIntegration {
  const refusal = refusalOf(url, assembly);
  if (refusal !== undefined) return { type: 'NOT_RUN', path: url.path, reason: refusal };
  const target = url.text('TargetFunctionArn') ?? '';
  const qualifier = url.text('Qualifier');
  const invoked = invokedFunction(qualifier === undefined ? target : `${target}:${qualifier}`, functions);
  if ('reason' in invoked) return { type: 'NOT_RUN', path: invoked.path ?? url.path, reason: invoked.reason };
  return {
    type: 'AWS_PROXY',
    functionName: invoked.functionName,
    ...(invoked.qualifier !== undefined && { qualifier: invoked.qualifier }),
    timeoutMillis: MAX_TIMEOUT_MILLIS,
    payloadFormat: '2.0',
  };
}

function refusalOf(url: Resource, assembly: Assembly): string | undefined {
  const authType = url.text('AuthType');
  if (authType !== 'NONE') {
    return `is a function URL authorized by ${authType}, which is not run; use FunctionUrlAuthType.NONE on this machine`;
  }
  if (url.text('InvokeMode') === 'RESPONSE_STREAM') {
    return 'is a function URL that streams its responses, which is not run; use InvokeMode.BUFFERED on this machine';
  }
  const target = functionNameIn(url.text('TargetFunctionArn') ?? '');
  const isPermitted = assembly
    .resources('AWS::Lambda::Permission')
    .some(
      (permission) =>
        /^(lambda:invokefunctionurl|lambda:\*|\*)$/i.test(permission.text('Action') ?? '') &&
        functionNameIn(permission.text('FunctionName') ?? '') === target,
    );
  return isPermitted
    ? undefined
    : `nobody has permission to invoke ${target} by its URL; add an AWS::Lambda::Permission for lambda:InvokeFunctionUrl`;
}
