import { GetConnectionCommand, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import { DOMAIN, gateways, OK } from './running-gateway';

const start = gateways();
const routes = { $connect: OK, $default: OK, $disconnect: OK };
const domainName = 'ws.example.com';
const customDomains = [
  { domainName, stageName: 'chat', mappingKey: 'key' },
  { domainName, stageName: 'chat', mappingKey: 'orders/v1' },
  { domainName: 'bare.example.com', stageName: 'chat', mappingKey: '' },
];

describe('A custom domain', () => {
  it.each([
    ['its key, by Host', '/key', domainName, domainName],
    ['its key and a slash, with a port', '/key/', 'WS.example.com:443', domainName],
    ['a key of two segments', '/orders/v1', domainName, domainName],
    ['itself, where it has no key', '/', 'bare.example.com', 'bare.example.com'],
    ['a path of this machine', '/ws.example.com/key', 'localhost:3001', domainName],
    ["the API's own host, which stays", '/chat', DOMAIN, DOMAIN],
    ['the address of the stage', '/chat', 'localhost', DOMAIN],
  ])('leads to the stage by %s', async (_, path, host, expected) => {
    const gateway = await start({ routes, customDomains });
    const connected = gateway.functions.next('CONNECT');
    const disconnected = gateway.functions.next('DISCONNECT');
    const client = await gateway.connect(path, { headers: { Host: host } });
    const { requestContext, headers } = await connected;
    expect(requestContext).toMatchObject({ domainName: expected, stage: 'chat' });
    expect(headers.Host ?? headers.host).toBe(expected);
    const message = gateway.functions.next('MESSAGE');
    client.send('hi');
    expect((await message).requestContext.domainName).toBe(expected);
    client.terminate();
    expect((await disconnected).headers.Host).toBe(expected);
  });

  it('passes header names in lower case for a mapping key with two segments', async () => {
    const gateway = await start({ routes, customDomains });
    const connected = gateway.functions.next('CONNECT');
    await gateway.connect('/orders/v1', { headers: { Host: domainName, 'X-Colour': 'blue' } });
    expect((await connected).headers).toMatchObject({ 'x-colour': 'blue', 'x-forwarded-proto': 'https' });
  });

  it.each([
    ['an unknown key', '/other', domainName],
    ['no key', '/', domainName],
    ['more after the key', '/key/more', domainName],
    ['an unknown key in a path', '/ws.example.com/other', 'localhost'],
  ])('is refused with 403 for %s', async (_, path, host) => {
    const gateway = await start({ routes, customDomains });
    await expect(gateway.client(path, { headers: { Host: host } }).opened).rejects.toThrow('403');
  });

  it('accepts posts', async () => {
    const gateway = await start({ routes, customDomains });
    const { client, connectionId } = await gateway.connectKnown('/key', { headers: { Host: domainName } });
    const management = gateway.management({ endpoint: `http://127.0.0.1:${gateway.port}/${domainName}/key` });
    await management.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: 'hi' }));
    expect(await client.next()).toBe('hi');
    // By the stage's own address, too, because it is the same stage.
    const answer = await gateway.management().send(new GetConnectionCommand({ ConnectionId: connectionId }));
    expect(answer.ConnectedAt).toBeDefined();
    management.destroy();
  });
});

describe('An API whose own host is disabled', () => {
  it('refuses requests to that host, and explains why', async () => {
    const gateway = await start({ routes, customDomains, isExecuteApiDisabled: true });
    await expect(gateway.client('/chat', { headers: { Host: DOMAIN } }).opened).rejects.toThrow('403');
    expect(gateway.logged).toEqual([
      expect.stringContaining('DisableExecuteApiEndpoint). Use ws.example.com.'),
    ]);
  });

  it('has its custom domain in the events from its local address', async () => {
    const gateway = await start({ routes, customDomains, isExecuteApiDisabled: true });
    const connected = gateway.functions.next('CONNECT');
    await gateway.connect('/chat');
    expect((await connected).requestContext).toMatchObject({ domainName, stage: 'chat' });
  });
});
