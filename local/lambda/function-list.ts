/** Lambda's ListFunctions over HTTP, so that people find the name of a function that they want to invoke. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LambdaFunction } from '../assembly/model';

export const LIST_FUNCTIONS_PATH = /^\/2015-03-31\/functions\/?$/;

/** @see https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html */
const MAX_PAGE_ITEMS = 50;
const MAX_ITEMS = 10_000;
const FUNCTION_VERSION = /^[A-Za-z0-9-_]+:(\$LATEST|\d+)$/;

interface Listed {
  functionName: string;
  version: string;
  of: LambdaFunction;
}

/** Answers a request for ListFunctions and returns true. Otherwise does nothing and returns false. */
export function functionList(functions: () => readonly LambdaFunction[]) {
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const [path = '', query] = (request.url ?? '/').split('?', 2);
    if (request.method !== 'GET' || !LIST_FUNCTIONS_PATH.test(path)) return false;
    request.resume();
    const { status, errorType, content } = answerTo(new URLSearchParams(query), functions());
    const body = JSON.stringify(content);
    response.writeHead(status, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
      'x-amzn-RequestId': randomUUID(),
      ...(errorType && { 'x-amzn-ErrorType': errorType }),
    });
    response.end(body);
    return true;
  };
}

interface Answer {
  status: number;
  errorType?: string;
  content: object;
}

function answerTo(query: URLSearchParams, functions: readonly LambdaFunction[]): Answer {
  const maxItems = query.get('MaxItems') ?? String(MAX_PAGE_ITEMS);
  if (!/^\d+$/.test(maxItems) || Number(maxItems) < 1) {
    return notValid(maxItems, 'maxItems', 'Member must have value greater than or equal to 1');
  }
  if (Number(maxItems) > MAX_ITEMS) {
    return notValid(maxItems, 'maxItems', `Member must have value less than or equal to ${MAX_ITEMS}`);
  }
  const asked = query.get('FunctionVersion');
  if (asked !== null && asked !== 'ALL') {
    return notValid(asked, 'functionVersion', 'Member must satisfy enum value set: [ALL]');
  }
  const marker = query.get('Marker');
  const after = marker === null ? undefined : Buffer.from(marker, 'base64url').toString();
  if (after !== undefined && !FUNCTION_VERSION.test(after)) {
    return refusal('InvalidParameterValueException', 'The Marker is not one of this list.');
  }
  const rest = functions
    .flatMap((one) => listed(one, asked === 'ALL'))
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
    .filter((one) => after === undefined || keyOf(one) > after);
  const page = rest.slice(0, Math.min(Number(maxItems), MAX_PAGE_ITEMS));
  const last = page.at(-1);
  const NextMarker =
    last && page.length < rest.length ? Buffer.from(keyOf(last)).toString('base64url') : undefined;
  return { status: 200, content: { Functions: page.map(configurationOf), NextMarker } };
}

function listed(of: LambdaFunction, withVersions: boolean): Listed[] {
  const versions = new Set(withVersions ? Object.values(of.qualifiers ?? {}) : []);
  return ['$LATEST', ...[...versions].filter((version) => version !== '$LATEST')].map((version) => ({
    ...{ functionName: of.functionName, version, of },
  }));
}

/** The sort key, so that a marker stays valid when functions are added or removed. */
function keyOf({ functionName, version }: Listed): string {
  return `${functionName}:${version}`;
}

/** The app's configuration, without environment variables, which may contain secrets. */
function configurationOf({ functionName, version, of }: Listed): object {
  return {
    FunctionName: functionName,
    FunctionArn: version === '$LATEST' ? of.functionArn : `${of.functionArn}:${version}`,
    Runtime: of.runtime,
    Role: of.roleArn,
    Handler: of.handler,
    Timeout: of.timeoutSeconds,
    MemorySize: of.memoryMegabytes,
    PackageType: 'Zip',
    Version: version,
  };
}

function notValid(value: string, member: string, rule: string): Answer {
  return refusal(
    'ValidationException',
    `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: ${rule}`,
  );
}

function refusal(errorType: string, message: string): Answer {
  return { status: 400, errorType, content: { Type: 'User', message } };
}
