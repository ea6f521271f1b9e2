import { gateways, OK } from './running-gateway';

const start = gateways();

describe('An unsupported resource', () => {
  it.each([
    ['authorizer', '$connect'],
    ['integration', '$connect'],
  ])('refuses the handshake with 500 if it is the %s of %s', async (part) => {
    const notRun = [part === 'authorizer' ? part : '$connect'];
    const gateway = await start({ routes: { $connect: OK, $disconnect: OK }, notRun });
    const raw = await gateway.raw();
    raw.handshake();
    expect(await raw.head()).toContain('HTTP/1.1 500 ');
    expect(gateway.functions.events).toEqual([]);
    expect(gateway.logged).toEqual([expect.stringContaining('does not run Stack/Part')]);
  });

  it('responds to a message with an error frame, and affects no other route', async () => {
    const gateway = await start({
      routes: {
        $connect: OK,
        ping: OK,
        echo: { returnsResponse: true, run: () => ({ statusCode: 200, body: 'hi' }) },
      },
      notRun: ['ping'],
    });
    const client = await gateway.connect();
    client.send('{"action":"ping"}');
    expect(JSON.parse(await client.next())).toEqual({
      message: 'Internal server error',
      connectionId: expect.any(String),
      requestId: expect.any(String),
    });
    client.send('{"action":"echo"}');
    expect(await client.next()).toBe('hi');
  });

  it('runs nothing if it is $disconnect, and does not delay the close', async () => {
    const gateway = await start({ routes: { $connect: OK, $disconnect: OK }, notRun: ['$disconnect'] });
    await gateway.connect();
    await gateway.gateway.close();
    expect(gateway.functions.count('DISCONNECT')).toBe(0);
  });
});
