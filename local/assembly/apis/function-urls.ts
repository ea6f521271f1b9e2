/** Function URLs (`AWS::Lambda::Url`): hosts whose requests all invoke one function. */
import type { Assembly } from '../assembly';
import type { ReadFunctions } from '../functions/functions';
import { invokedFunction } from '../functions/invoked-function';
import type { HttpApi, HttpApiIntegration } from '../model';
import { functionNameIn, qualifierIn } from '../values/function-arn';
import type { Resource } from '../values/resource';
import { functionUrlId } from '../values/resource-values';
import { corsRules } from './http-apis';

/** Only the function's own timeout applies, which is at most fifteen minutes. */
const MAX_TIMEOUT_MILLIS = 900_000;

export function readFunctionUrls(assembly: Assembly, functions: ReadFunctions): HttpApi[] {
  return assembly.resources('AWS::Lambda::Url').map((url): HttpApi => {
    const cors = corsRules(url.property('Cors'));
    const integration = integrationOf(url, assembly, functions);
    const isGuarded = url.text('AuthType') === 'AWS_IAM';
    return {
      kind: 'FUNCTION_URL',
      path: url.path,
      apiId: functionUrlId(url),
      name: functionNameIn(url.text('TargetFunctionArn') ?? ''),
      functionArn: targetOf(url),
      stages: [{ stageName: '$default', variables: {} }],
      routes: [
        {
          ...{ path: url.path, method: 'ANY', resource: '$default', integration },
          ...(isGuarded && { authorization: 'AWS_IAM' }),
        },
      ],
      ...(cors && { cors }),
      binaryMediaTypes: [],
    };
  });
}

function integrationOf(url: Resource, assembly: Assembly, functions: ReadFunctions): HttpApiIntegration {
  const { path } = url;
  if (url.text('InvokeMode') === 'RESPONSE_STREAM') {
    const reason =
      'is a function URL that streams its responses, which is not run; use InvokeMode.BUFFERED on this machine';
    return { type: 'NOT_RUN', path, reason };
  }
  const missing = url.text('AuthType') === 'NONE' ? missingPermission(url, assembly) : undefined;
  if (missing !== undefined) return { type: 'NOT_RUN', path, reason: missing, isNotPermitted: true };
  const invoked = invokedFunction(targetOf(url), functions);
  if ('reason' in invoked) return { type: 'NOT_RUN', path: invoked.path ?? url.path, reason: invoked.reason };
  return {
    type: 'AWS_PROXY',
    functionName: invoked.functionName,
    ...(invoked.qualifier !== undefined && { qualifier: invoked.qualifier }),
    timeoutMillis: MAX_TIMEOUT_MILLIS,
    payloadFormat: '2.0',
  };
}

/** The function, or the version or alias that the URL is for. */
function targetOf(url: Resource): string {
  const target = url.text('TargetFunctionArn') ?? '';
  const qualifier = url.text('Qualifier');
  const { stack } = url;
  const arn = target.startsWith('arn:') ? target : stack.arn('lambda', `function:${target}`);
  return qualifier === undefined ? arn : `${arn}:${qualifier}`;
}

/**
 * What everybody must be allowed, for requests without a signature. Source: "Control access to Lambda function URLs".
 */
const PUBLIC: [action: string, condition: string][] = [
  ['lambda:InvokeFunctionUrl', "FunctionUrlAuthType 'NONE'"],
  ['lambda:InvokeFunction', 'InvokedViaFunctionUrl true'],
];

function missingPermission(url: Resource, assembly: Assembly): string | undefined {
  const target = targetOf(url);
  const [functionName, qualifier] = [functionNameIn(target), qualifierIn(target)];
  const permissions = assembly.resources('AWS::Lambda::Permission').filter((permission) => {
    const owner = permission.text('FunctionName') ?? '';
    return (
      functionNameIn(owner) === functionName &&
      qualifierIn(owner) === qualifier &&
      permission.text('Principal') === '*' &&
      permission.text('FunctionUrlAuthType') !== 'AWS_IAM'
    );
  });
  const missing = PUBLIC.find(
    ([action]) =>
      !permissions.some((permission) =>
        [action.toLowerCase(), 'lambda:*', '*'].includes((permission.text('Action') ?? '').toLowerCase()),
      ),
  );
  if (!missing) return undefined;
  const [action, condition] = missing;
  return `not everybody has permission for ${action} on ${functionName}; add an AWS::Lambda::Permission for ${action} with Principal '*' and ${condition}, as the CDK's addFunctionUrl() does`;
}
