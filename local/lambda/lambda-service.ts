/** Lambda over HTTP, of which the runtime supports Invoke and ListFunctions. */
import type { LambdaFunction } from '../assembly/model';
import type { RequestHandler } from '../endpoint/request-router';
import { answerServiceError } from '../endpoint/service-error';
import type { FunctionHost } from './function-host';
import { functionList } from './function-list';
import { invokeHandler } from './invoke-api';

export function lambdaService(
  functionHost: FunctionHost,
  functions: () => readonly LambdaFunction[],
): RequestHandler {
  const invoke = invokeHandler(functionHost);
  const list = functionList(functions);
  return {
    handle(request, response) {
      if (invoke(request, response) || list(request, response)) return;
      answerServiceError(
        response,
        501,
        'UnsupportedOperation',
        `The runtime supports only Invoke and ListFunctions of Lambda, not ${request.method} ${request.url?.split('?')[0]}.`,
      );
    },
  };
}
