import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from '../../../local/assembly/model';
import { readKeySets } from '../../../local/endpoint/key-sets';
import type { Isolation } from '../../../local/lambda/environment';
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

/** An app that has functions and nothing else. */
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

  /** What a function gets for a URL, by `node:https` and by `fetch`. */
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

  it('passes other requests to the host on', async () => {
    const { fetch } = await fetchInFunction('https://login.invalid/other');
    expect(fetch[1]).toContain('No response from https://login.invalid');
  });

  it('answers no page of another origin', async () => {
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
