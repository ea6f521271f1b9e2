import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from '../../local/assembly/model';
import { readKeySets } from '../../local/endpoint/key-sets';
import { textFunctionLog } from '../../local/lambda/function-log';
import { type Runtime, startRuntime } from '../../local/runtime';
import { Issuer } from '../lib/identity/issuer';
import { synthesizedApp } from '../runtime/running-app';

jest.setTimeout(120_000);

const login = new Issuer('https://login.example', { keyType: 'rsa' });
const users = new Issuer('https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Users1234', {
  keyType: 'rsa',
});

describe('the authorizers of a CDK app', () => {
  const home = mkdtempSync(join(tmpdir(), 'http-authorizers-'));
  const logged: string[] = [];
  let app: App;
  let runtime: Runtime;

  beforeAll(async () => {
    app = await synthesizedApp('test/apps/http-authorizers');
    const note = (text: string) => void logged.push(text);
    const log = { info: note, warn: note, error: note };
    const options = [login, users].map((issuer, index) => {
      const file = join(home, `${index}.json`);
      writeFileSync(file, issuer.keySet());
      return `${issuer.url}/.well-known/jwks.json=${file}`;
    });
    runtime = await startRuntime({
      ...{ app, port: 0, log, functionLog: textFunctionLog(log, { verbose: true }) },
      keySets: readKeySets(options),
    });
  });
  afterAll(async () => {
    await runtime?.close();
    rmSync(home, { recursive: true });
  });

  const call = async (path: string, headers: Record<string, string> = {}) => {
    const isRest = ['/token', '/request', '/users'].includes(path);
    const api = app.httpApis.find(({ kind }) => kind === (isRest ? 'REST' : 'HTTP'));
    const url = runtime.httpUrl(api?.apiId ?? '', api?.stages[0]?.stageName ?? '');
    const response = await fetch(`${url}${path}`, { headers });
    return { status: response.status, caller: await response.json() };
  };
  const pageClient = () =>
    app.httpApis
      .flatMap(({ routes }) => routes)
      .flatMap(({ authorizer, resource }) =>
        resource === '/pool' && authorizer?.type === 'JWT' ? authorizer.audiences : [],
      )[0];

  it('are all run', () => {
    expect(app.notRun.map(({ type }) => type)).toEqual(['AWS::Cognito::UserPoolClient']);
  });

  it.each<[string, () => Record<string, string>, object]>([
    [
      '/jwt',
      () => ({ authorization: `Bearer ${login.token()}` }),
      { jwt: { claims: { sub: 'ada' }, scopes: null } },
    ],
    [
      '/scoped',
      () => ({ authorization: login.token({ scope: 'chat/read' }) }),
      { jwt: { claims: { sub: 'ada' }, scopes: ['chat/read'] } },
    ],
    [
      '/pool',
      () => ({ authorization: users.token({ aud: pageClient() }) }),
      { jwt: { claims: { sub: 'ada' } } },
    ],
    ['/simple', () => ({ authorization: 'ada-secret' }), { lambda: { rooms: ['a', 'b'] } }],
    ['/policy', () => ({ authorization: 'ada-secret' }), { lambda: { level: 3 } }],
    ['/token', () => ({ authorization: 'ada-secret' }), { principalId: 'ada', level: '3' }],
    ['/request', () => ({ 'X-Key': 'ada-secret' }), { principalId: 'ada', level: '3' }],
    [
      '/users',
      () => ({ authorization: users.token({ token_use: 'id' }) }),
      { claims: { sub: 'ada', iss: users.url } },
    ],
  ])('let the right caller of %s in, and tell the function who that is', async (path, headers, caller) => {
    expect(await call(path, headers())).toMatchObject({ status: 200, caller });
  });

  it.each<[string, () => Record<string, string>, number, object]>([
    ['/jwt', () => ({}), 401, { message: 'Unauthorized' }],
    ['/jwt', () => ({ authorization: users.token() }), 401, { message: 'Unauthorized' }],
    ['/scoped', () => ({ authorization: login.token() }), 403, { message: 'Forbidden' }],
    ['/simple', () => ({ authorization: 'bob-secret' }), 403, { message: 'Forbidden' }],
    ['/policy', () => ({ authorization: 'nobody' }), 401, { message: 'Unauthorized' }],
    ['/policy', () => ({}), 401, { message: 'Unauthorized' }],
    [
      '/token',
      () => ({ authorization: 'bob-secret' }),
      403,
      {
        Message:
          'User is not authorized to access this resource with an explicit deny in an identity-based policy',
      },
    ],
    ['/request', () => ({ 'X-Key': 'nobody' }), 401, { message: 'Unauthorized' }],
    ['/users', () => ({ authorization: login.token({ token_use: 'id' }) }), 401, { message: 'Unauthorized' }],
  ])('refuse a wrong caller of %s', async (path, headers, status, body) => {
    expect(await call(path, headers())).toEqual({ status, caller: body });
  });

  it('leave no token in the log, not even with --verbose', async () => {
    logged.splice(0);
    const token = login.token();
    await call('/jwt', { authorization: `Bearer ${token}` });
    await call('/jwt', { authorization: `Bearer ${token}x` });
    await call('/simple', { authorization: 'new-secret' });
    await call('/token', { authorization: 'new-secret' });
    const text = logged.join('\n');
    expect(text).toContain('Handler');
    expect(text).not.toContain('new-secret');
    for (const part of token.split('.')) expect(text).not.toContain(part);
  });
});
