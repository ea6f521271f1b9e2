import { KEY } from './raw-client';
import { gateways, OK } from './running-gateway';

const start = gateways();

describe('The head of a request', () => {
  const line = 'GET /chat HTTP/1.1\r\n';

  /** A handshake whose head has this many bytes, without the empty line at its end. */
  function handshake(bytes: number): string {
    const lines = [
      ...['Host: localhost', 'Upgrade: websocket', 'Connection: Upgrade'],
      ...[`Sec-WebSocket-Key: ${KEY}`, 'Sec-WebSocket-Version: 13', 'X-Padding: '],
    ].join('\r\n');
    return `${line}${lines}${'x'.repeat(bytes - line.length - lines.length - 2)}\r\n\r\n`;
  }

  it.each([
    ['no Origin', 'Host: 192.168.4.1:3001'],
    ['the Origin of a file', 'Host: 192.168.4.1:3001', 'Origin: file://'],
    ['header names in lower case', 'host: esp32.local', 'origin: null'],
  ])('of a small device may have %s', async (_, ...headers) => {
    const gateway = await start({ routes: { $connect: OK } });
    const client = await gateway.raw();
    client.request(
      'GET /chat HTTP/1.1',
      ...['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Key: ${KEY}`],
      ...['Sec-WebSocket-Version: 13', ...headers],
    );
    const head = await client.head();
    expect(head).toContain('HTTP/1.1 101 ');
    expect(head).toContain('\r\nupgrade: websocket\r\nsec-websocket-accept: ');
  });

  it('may have 10,240 bytes', async () => {
    const gateway = await start({ routes: { $connect: OK } });
    const client = await gateway.raw();
    client.socket.write(handshake(10_240));
    expect(await client.head()).toContain(' 101 ');
  });

  it('is refused above that, before $connect', async () => {
    const gateway = await start({ routes: { $connect: OK } });
    const client = await gateway.raw();
    client.socket.write(handshake(10_241));
    expect(await client.head()).toContain('HTTP/1.1 431 ');
    await client.ended;
    expect(client.rest.toString()).toBe('{"message":"HTTP header is larger than 10240 bytes."}');
    expect(gateway.functions.events).toHaveLength(0);
  });

  it('also limits management calls', async () => {
    const gateway = await start({ routes: {} });
    const client = await gateway.raw();
    client.request(
      'POST /chat/@connections/eHrdFcnvvHcCE-w= HTTP/1.1',
      ...['Host: localhost', 'Content-Length: 0', `Cookie: ${'x'.repeat(10_200)}`],
    );
    expect(await client.head()).toContain('HTTP/1.1 431 ');
  });
});
