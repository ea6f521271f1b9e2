import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { App } from '../../../local/assembly/model';
import { KeySets, readKeySets } from '../../../local/endpoint/key-sets';
import type { Isolation } from '../../../local/lambda/environments/environment';
import { silentFunctionLog } from '../../../local/lambda/function-log';
import { silentLog } from '../../../local/log';
import { type Runtime, startRuntime } from '../../../local/runtime';
import { Fixture } from '../lambda/function-fixture';

const URL_OF_KEYS = 'https://login.invalid/tenant/keys';
const KEYS = '{"keys":[{"kid":"a","kty":"EC"}]}';

const FETCH = `
import https from 'node:https';
const get = (url) => new Promise((resolve, reject) => https.get(url, async (response) => {
  let body = '';
  for await (const chunk of response) body += chunk;
  resolve([response.statusCode, body]);
}).on('error', reject));
export const handler = async (url) => {
  const response = await fetch(url);
  return { https: await get(url), fetch: [response.status, await response.text()] };
};`;

/** An app that has only functions. */
function appOf(functions: App['functions']): App {
  const none = {
    ...{ apis: [], httpApis: [], tables: [], schedules: [], buckets: [], queues: [], topics: [] },
    ...{ eventBuses: [], eventSources: [], storedParameters: [], secrets: [], givenValues: {} },
    ...{ roles: [], resourcePolicies: [], unknownValues: [], stacks: [], outputs: [], notRun: [] },
  };
  return { region: 'us-east-1', accountId: '123456789012', functions, ...none };
}

describe('--jwks', () => {
  const directory = mkdtempSync(join(tmpdir(), 'key-sets-'));
  const fixture = new Fixture();
  const file = join(directory, 'jwks.json');
  let runtime: Runtime;
  const runtimes = new Map<Isolation, Runtime>();
  beforeEach(() => writeFileSync(file, KEYS));
  afterAll(async () => {
    await Promise.all([...runtimes.values()].map((one) => one.close()));
    fixture.remove();
    rmSync(directory, { recursive: true });
  });

  /** The response that a function receives for a URL, with `node:https` and with `fetch`. */
  async function fetchInFunction(url: string, isolation: Isolation = 'thread') {
    runtime =
      runtimes.get(isolation) ??
      (await startRuntime({
        app: appOf([fixture.function('Fetching', { 'index.mjs': FETCH })]),
        ...{ port: 0, log: silentLog, functionLog: silentFunctionLog, isolation },
        keySets: readKeySets([`${URL_OF_KEYS}=${file}`]),
      }));
    runtimes.set(isolation, runtime);
    const { payload } = await runtime.functions.invoke('Fetching', JSON.stringify(url));
    return JSON.parse(payload);
  }

  it.each<Isolation>(['thread', 'process'])(
    'gives functions the key set of the file in place of the URL (%s)',
    async (isolation) => {
      const answer = [200, KEYS];
      expect(await fetchInFunction(URL_OF_KEYS, isolation)).toEqual({ https: answer, fetch: answer });
    },
  );

  it('reads the file again for each request', async () => {
    await fetchInFunction(URL_OF_KEYS);
    writeFileSync(file, '{"keys":[]}');
    const { payload } = await runtime.functions.invoke('Fetching', JSON.stringify(URL_OF_KEYS));
    expect(JSON.parse(payload).fetch).toEqual([200, '{"keys":[]}']);
  });

  it('forwards other requests to the host', async () => {
    const { fetch } = await fetchInFunction('https://login.invalid/other');
    expect(fetch[1]).toContain('No response from https://login.invalid');
  });

  it('does not respond to a page from another origin', async () => {
    await fetchInFunction(URL_OF_KEYS);
    const statusFor = async (headers: Record<string, string>) => {
      const request = get({
        port: runtime.port,
        path: '/tenant/keys',
        headers: { host: 'login.invalid', ...headers },
      });
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      response.resume();
      return response.statusCode;
    };
    expect(await statusFor({})).toBe(200);
    expect(await statusFor({ origin: 'https://evil.example' })).toBe(403);
  });

  it.each([
    ['jwks.json', 'must have the form URL=FILE'],
    ['http://login.example/keys=jwks.json', 'with an https URL'],
    ['https://login.example/keys=', 'must have the form URL=FILE'],
    ['https://login.example/keys=missing.json', 'missing.json could not be read (ENOENT)'],
    ['https://login.example/keys=package.json', 'is not a key set'],
    ['https://login.example/keys=LICENSE', 'is not JSON'],
  ])('refuses %s', (pair, why) => {
    expect(() => readKeySets([pair])).toThrow(why);
  });
});

describe('KeySets', () => {
  const POOL = 'us-east-1_abc123';
  const warnings: string[] = [];
  let cognito: Server;
  let runtime: Server;
  beforeAll(async () => {
    cognito = createServer((request, response) => {
      const isKnown = request.url === `/${POOL}/.well-known/jwks.json`;
      response
        .writeHead(isKnown ? 200 : 404)
        .end(`${request.headers.host} ${isKnown ? KEYS : 'unknown pool'}`);
    }).listen(0, '127.0.0.1');
    await once(cognito, 'listening');
    const { port } = cognito.address() as AddressInfo;
    const log = { ...silentLog, warn: (line: string) => warnings.push(line) };
    const keySets = new KeySets({}, log, () => `http://127.0.0.1:${port}`);
    runtime = createServer((request, response) => {
      const handled = keySets.handle(request, response);
      if (handled === undefined) response.writeHead(418).end();
    }).listen(0, '127.0.0.1');
    runtime.on('close', () => keySets.close());
    await once(runtime, 'listening');
  });
  afterAll(() => {
    for (const server of [cognito, runtime]) {
      server.closeAllConnections();
      server.close();
    }
  });

  async function ask(path: string, host = 'cognito-idp.us-east-1.amazonaws.com') {
    const { port } = runtime.address() as AddressInfo;
    const [response] = (await once(get({ port, path, headers: { host } }), 'response')) as [IncomingMessage];
    return { status: response.statusCode, body: await text(response) };
  }

  it("fetches the keys of a user pool over the network, like an issuer's that is not AWS", async () => {
    expect(await ask(`/${POOL}/.well-known/jwks.json`)).toEqual({
      status: 200,
      body: `cognito-idp.us-east-1.amazonaws.com ${KEYS}`,
    });
    expect(warnings).toEqual([]);
  });

  it('says how to give keys to a user pool that is not on AWS', async () => {
    expect((await ask('/us-east-1_local/.well-known/jwks.json')).status).toBe(404);
    expect(warnings.splice(0)).toEqual([
      'The keys of the user pool us-east-1_local could not be fetched (404). If the pool is only in the template, issue tokens with keys of your own, and start with --jwks https://cognito-idp.us-east-1.amazonaws.com/us-east-1_local/.well-known/jwks.json=FILE.',
    ]);
  });

  it.each([
    ['other requests to Cognito', '/', 'cognito-idp.us-east-1.amazonaws.com'],
    ['other hosts of AWS', `/${POOL}/.well-known/jwks.json`, 'dynamodb.us-east-1.amazonaws.com'],
  ])('leaves %s alone', async (_, path, host) => {
    expect((await ask(path, host)).status).toBe(418);
  });
});
