/** HTTP APIs of a test behind IAM, on a free port, with scripted functions. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SignatureV4 } from '@smithy/signature-v4';
import type { HttpApi, HttpLambdaIntegration, ResourcePolicy } from '../../../local/assembly/model';
import type { JsonObject } from '../../../local/assembly/values/json';
import { ManualClock } from '../../../local/clock';
import { type AccountQuotas, AWS_ACCOUNT_QUOTAS } from '../../../local/gateway/quotas';
import { Throttles } from '../../../local/gateway/throttles';
import type { FetchJson } from '../../../local/http/authorizers/fetched-json';
import type { KeySetFileReader } from '../../../local/http/authorizers/issuer-keys';
import { HttpApis } from '../../../local/http/http-apis';
import { Access } from '../../../local/iam/access';
import type { Credentials } from '../../../local/iam/identities';
import type { FunctionInvoker, InvocationOutcome } from '../../../local/lambda/invocation';
import { accessApp, FUNCTION } from '../iam/access-app';

/** Without `--jwks`. */
export const NO_KEY_SETS: KeySetFileReader = {
  urls: [],
  read() {
    throw new Error('There are no files.');
  },
};
export const PERSON: Credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
export const LAMBDA: HttpLambdaIntegration = {
  type: 'AWS_PROXY',
  functionName: 'fn',
  timeoutMillis: 29_000,
  payloadFormat: '2.0',
};
const { sha256 } = new SQSClient({ region: 'us-east-1' }).config;

export interface Reply {
  status: number;
  errorType: string | null;
  body: string;
}

export interface Signed {
  credentials: Credentials;
  service?: string;
  method?: string;
  body?: string;
}

export interface RunningHttp {
  /** The events that the function has received. */
  events: Record<string, never>[];
  lines: string[];
  clock: ManualClock;
  /** Of the app's only function. */
  ofFunction: Credentials;
  /** Sets the permissions of the function's role, and the policies of resources. */
  allow(statements: JsonObject[], resourcePolicies?: ResourcePolicy[]): void;
  call(path: string, init?: RequestInit): Promise<Reply>;
  /** Like `call`, with all headers. */
  respond(path: string, init?: RequestInit): Promise<Response>;
  redeploy(): void;
  signed(path: string, signing: Signed): Promise<Reply>;
  /** With a presigned URL. */
  presigned(path: string, credentials: Credentials): Promise<Reply>;
}

interface HttpSettings {
  iam?: boolean;
  quotas?: AccountQuotas;
  /** The function `guard`, which authorizes requests. Its event is not among `events`. */
  guard?: (event: Record<string, never>) => unknown;
  /** Key sets in files, by their URLs. */
  keySets?: Record<string, string>;
  fetchJson?: FetchJson;
}

const servers: Server[] = [];

/** Starts APIs that stop with the test. */
export function runningHttp(): (apis: HttpApi[], settings?: HttpSettings) => Promise<RunningHttp> {
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });
  return start;
}

async function start(
  apis: HttpApi[],
  { iam = true, quotas = AWS_ACCOUNT_QUOTAS, guard, keySets, fetchJson = unreachable }: HttpSettings = {},
): Promise<RunningHttp> {
  const clock = new ManualClock(Date.UTC(2026, 0, 31, 12));
  const events: Record<string, never>[] = [];
  const lines: string[] = [];
  const log = { info() {}, error() {}, warn: (text: string) => void lines.push(text) };
  const access = new Access({ app: accessApp([], { httpApis: apis }), log, nameOf: () => 'Rooms', clock });
  const invoker: FunctionInvoker = {
    async invoke(functionName, payload) {
      if (guard && functionName === 'guard') return outcomeOf(guard, JSON.parse(payload));
      events.push(JSON.parse(payload));
      return { kind: 'success', requestId: 'r', payload: '{"statusCode":200,"body":"ran"}' };
    },
    invokeAsync() {
      throw new Error('API Gateway waits for its functions.');
    },
  };
  const served = new HttpApis({
    ...{ apis, region: 'us-east-1', accountId: '000000000000', invoker, clock, log },
    nameOf: (name) => name,
    access: iam ? access : undefined,
    throttles: new Throttles(quotas, clock, log),
    keySets: keySets ? { urls: Object.keys(keySets), read: (url) => keySets[url] ?? '' } : NO_KEY_SETS,
    fetchJson,
  });
  const server = createServer((request, response) => {
    if (served.handle(request, response) === undefined) response.writeHead(418).end();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const respond = (path: string, init: RequestInit = {}) => fetch(`http://${host}${path}`, init);
  const call = async (path: string, init: RequestInit = {}): Promise<Reply> => {
    const response = await respond(path, init);
    const { status, headers } = response;
    return { status, errorType: headers.get('x-amzn-errortype'), body: await response.text() };
  };
  const signer = (credentials: Credentials, service: string) =>
    new SignatureV4({ service, region: 'us-east-1', credentials, sha256 });
  const toSign = (url: string, method: string, body?: string) => {
    const [path = '', search = ''] = url.split('?');
    const query = Object.fromEntries(new URLSearchParams(search));
    return { method, protocol: 'http:', hostname: host, path, query, headers: { host }, body };
  };
  return {
    ...{ events, lines, clock, call, respond },
    redeploy: () => served.redeploy(apis),
    ofFunction: access.credentialsOf(FUNCTION),
    allow: (statements, resourcePolicies = []) =>
      access.update(accessApp(statements, { httpApis: apis, resourcePolicies })),
    async signed(path, { credentials, service = 'execute-api', method = 'GET', body }) {
      const { headers } = await signer(credentials, service).sign(toSign(path, method, body));
      return call(path, { method, headers, ...(body !== undefined && { body }) });
    },
    async presigned(path, credentials) {
      const { query = {} } = await signer(credentials, 'execute-api').presign(toSign(path, 'GET'));
      return call(`${path.split('?', 1)[0]}?${new URLSearchParams(query as Record<string, string>)}`);
    },
  };
}

async function unreachable(): Promise<never> {
  throw new Error('ENOTFOUND');
}

async function outcomeOf(
  guard: NonNullable<HttpSettings['guard']>,
  event: Record<string, never>,
): Promise<InvocationOutcome> {
  try {
    const payload = JSON.stringify((await guard(event)) ?? null);
    return { kind: 'success', requestId: 'r', payload };
  } catch (error) {
    const { name: errorType, message: errorMessage } = error as Error;
    return { kind: 'failure', requestId: 'r', errorType, errorMessage, payload: '{}' };
  }
}
