import { otherApi } from './other-api';
import { API_ID, DOMAIN, gateways, OK } from './running-gateway';

const start = gateways();

describe('Address', () => {
  const foreign = 'zzzzz99999.execute-api.us-east-1.amazonaws.com';

  it.each([
    ['the stage', '/chat', 'localhost'],
    ['the stage with a slash', '/chat/', 'localhost'],
    ['the stage with a query', '/chat?a=b', 'localhost'],
    ['the API and the stage', `/${API_ID}/chat`, 'localhost:3001'],
    ['the API and the stage with a slash', `/${API_ID}/chat/`, '127.0.0.1'],
    ['the Host header', '/chat', DOMAIN],
    ['the Host header with a port, in capitals', '/chat/', `${DOMAIN.toUpperCase()}:443`],
  ])('may be %s', async (_, path, host) => {
    const gateway = await start({ routes: { $connect: OK } });
    await expect(gateway.connect(path, { headers: { Host: host } })).resolves.toBeDefined();
  });

  it.each([
    ['an unknown stage', '/nowhere', 'localhost'],
    ['no stage', '/', 'localhost'],
    ['an unknown stage of an API', `/${API_ID}/nowhere`, 'localhost'],
    ['an API without a stage', `/${API_ID}`, 'localhost'],
    ['more after the stage', '/chat/hello', 'localhost'],
    ['more after the stage of an API', `/${API_ID}/chat/hello`, 'localhost'],
    ['an unknown stage by Host', '/nowhere', DOMAIN],
    ['more after the stage by Host', '/chat/hello', DOMAIN],
    ['an unknown API by Host', '/chat', foreign],
    ['another region by Host', '/chat', DOMAIN.replace('us-east-1', 'eu-west-1')],
    ['a stage name that two APIs have', '/twice', 'localhost'],
  ])('is refused with 403 for %s', async (_, path, host) => {
    const gateway = await start({
      routes: { $connect: OK },
      otherApis: [otherApi('one', 'twice'), otherApi('two', 'twice')],
    });
    const client = gateway.client(path, { headers: { Host: host } });
    await expect(client.opened).rejects.toThrow('403');
    expect(client.refusal?.body).toBe('{"message":"Forbidden"}');
    expect(client.refusal?.headers['x-amzn-errortype']).toBe('ForbiddenException');
  });

  it('suggests an alternative if two APIs have a stage with the same name', async () => {
    const gateway = await start({
      routes: {},
      otherApis: [otherApi('one', 'twice'), otherApi('two', 'twice')],
    });
    await expect(gateway.connect('/twice')).rejects.toThrow('403');
    expect(gateway.logged.join()).toContain('Use /{apiId}/twice');
    await expect(gateway.connect('/two/twice')).resolves.toBeDefined();
  });

  it('is refused above 4096 characters', async () => {
    const gateway = await start({ routes: { $connect: OK } });
    const left = 4096 - `wss://${DOMAIN}/chat?a=`.length;
    await expect(gateway.connect(`/chat?a=${'x'.repeat(left)}`)).resolves.toBeDefined();
    await expect(gateway.connect(`/chat?a=${'x'.repeat(left + 1)}`)).rejects.toThrow('414');
  });
});
