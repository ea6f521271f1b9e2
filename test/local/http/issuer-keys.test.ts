import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HttpApi } from '../../../local/assembly/model';
import { type FetchJson, fetchedJson } from '../../../local/http/authorizers/fetched-json';
import { ISSUER, KEYS_URL, rsaIssuer } from './issuer';
import { LAMBDA, runningHttp } from './running-http';

const start = runningHttp();
const login = rsaIssuer();
const next = rsaIssuer(ISSUER, 'k2');
const DISCOVERY = 'https://login.example/tenant/.well-known/openid-configuration';
const JWKS_URI = 'https://keys.example/certs';

const apiOf = (issuer: string): HttpApi => ({
  ...{ kind: 'HTTP', path: 'Main/Http', apiId: 'httpapi123', name: 'Http', binaryMediaTypes: [] },
  stages: [{ stageName: '$default', variables: {} }],
  routes: [
    {
      ...{ path: 'r1', method: 'GET', resource: '/rooms', integration: LAMBDA },
      authorizer: {
        ...{ type: 'JWT', path: 'Main/Jwt', issuer, audiences: ['chat'] },
        identitySource: '$request.header.Authorization',
      },
    },
  ],
});
const api = apiOf(ISSUER);

/** An issuer on the network. */
function network(documents: Record<string, unknown>): { fetched: string[]; fetchJson: FetchJson } {
  const fetched: string[] = [];
  return {
    fetched,
    async fetchJson(url) {
      fetched.push(url);
      const document = documents[url];
      if (document === undefined) throw new Error('the status is 404');
      return document;
    },
  };
}

const call = async (apis: Awaited<ReturnType<typeof start>>, token: string) => {
  const response = await apis.respond('/httpapi123/rooms', { headers: { Authorization: token } });
  const [, description] =
    /error_description="(.*)"/.exec(response.headers.get('www-authenticate') ?? '') ?? [];
  return description ?? response.status;
};

describe("The keys of a JWT's issuer", () => {
  it('are fetched from its jwks_uri, once for two hours', async () => {
    const { fetched, fetchJson } = network({
      [DISCOVERY]: { jwks_uri: JWKS_URI },
      [JWKS_URI]: JSON.parse(login.keySet()),
    });
    const apis = await start([api], { fetchJson });
    const token = login.token({ exp: 2_000_000_000 });
    expect([await call(apis, token), await call(apis, token)]).toEqual([200, 200]);
    expect(fetched).toEqual([DISCOVERY, JWKS_URI]);
    apis.clock.advance(2 * 60 * 60_000);
    expect(await call(apis, token)).toBe(200);
    expect(fetched).toHaveLength(4);
  });

  it('are fetched again for a token with a new key, at most every ten seconds', async () => {
    const documents = { [DISCOVERY]: { jwks_uri: JWKS_URI }, [JWKS_URI]: JSON.parse(login.keySet()) };
    const { fetched, fetchJson } = network(documents);
    const apis = await start([api], { fetchJson });
    expect(await call(apis, login.token())).toBe(200);
    documents[JWKS_URI] = JSON.parse(next.keySet());
    expect(await call(apis, next.token())).toBe('unable to find the key of the token');
    expect(fetched).toHaveLength(2);
    apis.clock.advance(10_000);
    expect(await call(apis, next.token())).toBe(200);
    expect(fetched).toHaveLength(4);
  });

  it('come from the file of --jwks for the issuer, without the network', async () => {
    const keySets = { [KEYS_URL]: login.keySet() };
    const { fetched, fetchJson } = network({});
    const apis = await start([api], { keySets, fetchJson });
    expect(await call(apis, login.token())).toBe(200);
    keySets[KEYS_URL] = next.keySet();
    expect([await call(apis, next.token()), await call(apis, login.token())]).toEqual([
      200,
      'unable to find the key of the token',
    ]);
    expect(fetched).toEqual([]);
  });

  it('do not come from the file of another issuer below it', async () => {
    const { fetchJson } = network({});
    const apis = await start([apiOf('https://login.example')], {
      keySets: { [KEYS_URL]: login.keySet() },
      fetchJson,
    });
    const token = rsaIssuer('https://login.example').token();
    expect(await call(apis, token)).toMatch(/discovery|fetch|404/);
  });

  it('come from the file of --jwks for the jwks_uri', async () => {
    const { fetched, fetchJson } = network({ [DISCOVERY]: { jwks_uri: JWKS_URI } });
    const apis = await start([api], { keySets: { [JWKS_URI]: login.keySet() }, fetchJson });
    expect(await call(apis, login.token())).toBe(200);
    expect(fetched).toEqual([DISCOVERY]);
  });

  it.each<[string, Record<string, unknown>, string, string]>([
    ['without a discovery document', {}, 'OIDC discovery endpoint communication error', 'the status is 404'],
    [
      'without an https URL of keys',
      { [DISCOVERY]: { jwks_uri: 'http://login.example/keys' } },
      ...(['OIDC discovery endpoint communication error', 'no https URL as jwks_uri'] as const),
    ],
    [
      'without keys',
      { [DISCOVERY]: { jwks_uri: JWKS_URI } },
      ...(['JWKS communication error', 'the status is 404'] as const),
    ],
    [
      'with something else than keys',
      { [DISCOVERY]: { jwks_uri: JWKS_URI }, [JWKS_URI]: ['a'] },
      ...(['JWKS communication error', 'not a key set'] as const),
    ],
  ])(
    'refuse every token of an issuer %s; the log names the remedy once',
    async (_, documents, description, reason) => {
      const apis = await start([api], { fetchJson: network(documents).fetchJson });
      expect([await call(apis, login.token()), await call(apis, login.token())]).toEqual([
        description,
        description,
      ]);
      const told = apis.lines.filter((line) => line.includes('--jwks'));
      expect(told).toEqual([expect.stringContaining(`start with --jwks ${KEYS_URL}=FILE.`)]);
      expect(told[0]).toContain(reason);
    },
  );
});

describe('fetchedJson', () => {
  it.each<[string, number, string, string]>([
    ['another status', 503, '{}', 'the status is 503'],
    ['a redirect', 302, '{}', 'redirect'],
    ['too much', 200, JSON.stringify('x'.repeat(150_000)), 'the response has more than 150000 bytes'],
    ['no JSON', 200, '<html>', 'the response is not JSON'],
  ])('refuses %s', async (_, status, body, message) => {
    const server = createServer((request, response) => {
      request.resume();
      response.writeHead(status, { location: '/other' }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
    await expect(fetchedJson(url)).rejects.toThrow(message);
    server.closeAllConnections();
    server.close();
  });

  it('names the network error', async () => {
    await expect(fetchedJson('http://127.0.0.1:1/keys')).rejects.toThrow(/ECONNREFUSED|bad port/);
  });
});
