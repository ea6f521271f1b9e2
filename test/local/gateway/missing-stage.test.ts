import { otherApi } from './other-api';
import { plainRequest } from './plain-request';
import { API_ID, DOMAIN, gateways } from './running-gateway';

const start = gateways();

describe('A path without the stage', () => {
  const id = 'eHrdFcnvvHcCE-w=';
  it.each([
    [DOMAIN, `/@connections/${id}`, `/chat/@connections/${id}`],
    ['localhost', `/@connections/${id}`, `/chat/@connections/${id}`],
    [DOMAIN, `/prod/@connections/${id}`, `/chat/@connections/${id}`],
    [`localhost`, `/${API_ID}/@connections/${id}`, `/${API_ID}/chat/@connections/${id}`],
  ])(
    'is forbidden for a management call at %s%s, and the log says which was meant',
    async (host, path, meant) => {
      const gateway = await start({ routes: {} });
      const { status, body } = await plainRequest(gateway, path, { method: 'POST', host });
      expect([status, body]).toEqual([403, '{"message":"Forbidden"}']);
      expect(gateway.logged).toEqual([
        `POST ${path} got 403: the path names no stage of an API. Use ${meant}.`,
      ]);
    },
  );

  it('is forbidden for a handshake, and the log lists the valid paths', async () => {
    const gateway = await start({
      routes: {},
      otherApis: [otherApi('one', 'twice'), otherApi('two', 'twice')],
    });
    await expect(gateway.connect('/')).rejects.toThrow('403');
    expect(gateway.logged).toEqual([
      'A handshake for / got 403: the path names no stage of an API. Use /chat, /one/twice or /two/twice.',
    ]);
  });

  it('is escaped for the terminal', async () => {
    const gateway = await start({ routes: {} });
    await plainRequest(gateway, `/%1b%5b2J${'x'.repeat(1000)}/@connections/${id}`, {
      method: 'POST',
      host: DOMAIN,
    });
    expect(gateway.logged[0]).toContain('POST /%1b%5b2Jxxx');
    expect(gateway.logged[0]?.length).toBeLessThan(400);
  });
});
