/** Reads the gateway responses of a REST API: what replaces its own error responses. */
import type { Assembly } from '../assembly';
import type { GatewayResponse } from '../model';
import { isObject, type Json } from '../values/json';

/**
 * By response type: `UNAUTHORIZED`, `DEFAULT_4XX`, …
 * @throws {UserError} if a response cannot have a status
 */
export function readGatewayResponses(assembly: Assembly, apiId: string): Record<string, GatewayResponse> {
  const responses = assembly
    .resources('AWS::ApiGateway::GatewayResponse')
    .filter((response) => response.text('RestApiId') === apiId)
    .map((response) => {
      const statusCode = response.number('StatusCode');
      if (statusCode !== undefined && !isStatus(statusCode)) {
        throw response.mistake(
          `its StatusCode is ${statusCode}, with which no response can end; use 200 to 599`,
        );
      }
      const read: GatewayResponse = {
        ...(statusCode !== undefined && { statusCode }),
        headers: headersOf(response.property('ResponseParameters')),
        templates: textsOf(response.property('ResponseTemplates')),
      };
      return [response.text('ResponseType') ?? '', read] as const;
    });
  return Object.fromEntries(responses);
}

function isStatus(code: number): boolean {
  return Number.isInteger(code) && code >= 200 && code <= 599;
}

/** `gatewayresponse.header.X` is the target of a value. */
function headersOf(parameters: Json | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(textsOf(parameters)).flatMap(([target, source]) => {
      const [, name] = /^gatewayresponse\.header\.(.+)$/.exec(target) ?? [];
      return name === undefined ? [] : [[name, source]];
    }),
  );
}

function textsOf(value: Json | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(isObject(value) ? value : {}).map(([name, text]) => [name, String(text)]),
  );
}
