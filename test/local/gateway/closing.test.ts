import {
  DeleteConnectionCommand,
  GetConnectionCommand,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { clientFrame } from './raw-client';
import { gateways, OK } from './running-gateway';

const start = gateways();
const routes = { $connect: OK, $default: OK, $disconnect: OK };
const MINUTE = 60_000;

describe('$disconnect', () => {
  it.each([
    ['code and reason', 4001, 'see you', 4001, 'see you'],
    ['a code alone', 1000, undefined, 1000, ''],
    ['1001, as a browser does that leaves the page', 1001, '', 1001, ''],
    ['no code', undefined, undefined, 1005, 'Client-side close frame status not set'],
  ])(
    'is told of a client that closes with %s',
    async (_, code, reason, disconnectStatusCode, disconnectReason) => {
      const gateway = await start({ routes });
      const client = await gateway.connect();
      const disconnected = gateway.functions.next('DISCONNECT');
      client.ws.close(code, reason);
      expect((await disconnected).requestContext).toMatchObject({ disconnectStatusCode, disconnectReason });
      expect(await client.closed).toEqual({ code: code ?? 1005, reason: reason ?? '' });
    },
  );

  it.each(['resetAndDestroy', 'destroy', 'end'] as const)(
    'is told 1006 of a connection cut by %s',
    async (cut) => {
      const gateway = await start({ routes });
      const client = await gateway.raw();
      await client.open();
      const disconnected = gateway.functions.next('DISCONNECT');
      client.socket[cut]();
      expect((await disconnected).requestContext).toMatchObject({
        disconnectStatusCode: 1006,
        disconnectReason: '',
      });
    },
  );

  it('runs once, whatever it returns', async () => {
    const gateway = await start({
      routes: { ...routes, $disconnect: () => Promise.reject(new Error('no')) },
    });
    const client = await gateway.connect();
    client.ws.close();
    await client.closed;
    await gateway.gateway.close();
    expect(gateway.functions.count('DISCONNECT')).toBe(1);
  });

  it('receives the code that the gateway chose, not the one that the client echoed', async () => {
    const gateway = await start({ routes });
    const client = await gateway.raw();
    await client.open();
    const disconnected = gateway.functions.next('DISCONNECT');
    gateway.clock.advance(10 * MINUTE);
    expect(await client.closeCode()).toBe(1001);
    client.socket.write(clientFrame(Buffer.from([0x0f, 0xa1]), { opcode: 8 }));
    expect((await disconnected).requestContext).toMatchObject({
      disconnectStatusCode: 1001,
      disconnectReason: 'Going away',
    });
  });
});

describe('Connection that a client is closing', () => {
  it('is gone for calls, and ends with the client’s code even if the gateway closes, too', async () => {
    const gateway = await start({ routes });
    const connected = gateway.functions.next('CONNECT');
    const client = await gateway.raw({ stays: true });
    await client.open();
    const { connectionId } = (await connected).requestContext;
    client.socket.write(clientFrame(Buffer.from([0x0f, 0xa1]), { opcode: 8 }));
    expect(await client.closeCode()).toBe(4001);
    const management = gateway.management();
    const post = new PostToConnectionCommand({ ConnectionId: connectionId, Data: 'x' });
    await expect(management.send(post)).rejects.toThrow(GoneException);
    const get = new GetConnectionCommand({ ConnectionId: connectionId });
    await expect(management.send(get)).rejects.toThrow(GoneException);
    const disconnected = gateway.functions.next('DISCONNECT');
    const closed = gateway.gateway.close();
    gateway.clock.advance(2_000);
    expect((await disconnected).requestContext.disconnectStatusCode).toBe(4001);
    await closed;
  });
});

describe('Connection that the gateway is closing', () => {
  it('accepts no more messages', async () => {
    const gateway = await start({ routes });
    const client = await gateway.raw();
    await client.open();
    const disconnected = gateway.functions.next('DISCONNECT');
    gateway.clock.advance(10 * MINUTE);
    expect(await client.closeCode()).toBe(1001);
    client.socket.end(Buffer.concat([clientFrame('too late'), clientFrame('', { opcode: 8 })]));
    await disconnected;
    expect(gateway.functions.count('MESSAGE')).toBe(0);
  });
});

describe('Idle connection', () => {
  it('is closed after ten minutes with 1001', async () => {
    const gateway = await start({ routes });
    const client = await gateway.connect();
    const disconnected = gateway.functions.next('DISCONNECT');
    gateway.clock.advance(10 * MINUTE - 1);
    await client.roundTrip();
    expect(client.ws.readyState).toBe(client.ws.OPEN);
    gateway.clock.advance(1);
    expect(await client.closed).toEqual({ code: 1001, reason: 'Going away' });
    expect((await disconnected).requestContext).toMatchObject({
      disconnectStatusCode: 1001,
      disconnectReason: 'Going away',
    });
  });

  it('is kept open by a message of the client', async () => {
    const gateway = await start({ routes });
    const client = await gateway.connect();
    gateway.clock.advance(9 * MINUTE);
    client.send('still here');
    await client.roundTrip();
    gateway.clock.advance(9 * MINUTE);
    await client.roundTrip();
    gateway.clock.advance(MINUTE);
    expect((await client.closed).code).toBe(1001);
  });

  it('is kept open by a response to the client', async () => {
    let answer = (): void => {};
    const run = () =>
      new Promise((resolve) => {
        answer = () => resolve({ statusCode: 200, body: 'late' });
      });
    const gateway = await start({
      routes: { $default: { returnsResponse: true, timeoutMillis: 29_000, run } },
    });
    const client = await gateway.connect();
    const message = gateway.functions.next('MESSAGE');
    client.send('hi');
    await message;
    gateway.clock.advance(20_000);
    answer();
    expect(await client.next()).toBe('late');
    gateway.clock.advance(10 * MINUTE - 1);
    await client.roundTrip();
    gateway.clock.advance(1);
    expect((await client.closed).code).toBe(1001);
  });

  it('is not kept open by pings', async () => {
    const gateway = await start({ routes });
    const client = await gateway.connect();
    gateway.clock.advance(9 * MINUTE);
    await client.roundTrip();
    gateway.clock.advance(MINUTE);
    expect((await client.closed).code).toBe(1001);
  });

  it('is not pinged by the gateway', async () => {
    const gateway = await start({ routes });
    const client = await gateway.raw();
    await client.open();
    gateway.clock.advance(10 * MINUTE);
    expect((await client.frame()).opcode).toBe(8);
  });

  it('is cut off if the client does not answer the close', async () => {
    const gateway = await start({ routes });
    const client = await gateway.raw();
    await client.open();
    const disconnected = gateway.functions.next('DISCONNECT');
    gateway.clock.advance(10 * MINUTE);
    expect(await client.closeCode()).toBe(1001);
    gateway.clock.advance(2_000);
    expect((await disconnected).requestContext.disconnectStatusCode).toBe(1001);
    await client.ended;
  });
});

describe('Connection of two hours', () => {
  it('is closed with 1001 even if it is active', async () => {
    const gateway = await start({ routes });
    const client = await gateway.connect();
    const disconnected = gateway.functions.next('DISCONNECT');
    for (let minutes = 9; minutes < 120; minutes += 9) {
      gateway.clock.advance(9 * MINUTE);
      client.send('still here');
      await client.roundTrip();
    }
    gateway.clock.advance(3 * MINUTE);
    expect(await client.closed).toEqual({ code: 1001, reason: 'Going away' });
    expect((await disconnected).requestContext).toMatchObject({
      disconnectStatusCode: 1001,
      disconnectReason: 'Going away',
    });
  });
});

describe('Gateway.close', () => {
  it('closes every connection with 1001 and waits for every $disconnect', async () => {
    let ended = 0;
    const $disconnect = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      ended++;
      return { statusCode: 200 };
    };
    const gateway = await start({ routes: { ...routes, $disconnect } });
    const clients = await Promise.all(Array.from({ length: 20 }, () => gateway.connect()));
    await gateway.gateway.close();
    expect(ended).toBe(20);
    const closed = await Promise.all(clients.map((client) => client.closed));
    expect(new Set(closed.map(({ code, reason }) => `${code} ${reason}`))).toEqual(
      new Set(['1001 Going away']),
    );
  });

  it('refuses handshakes from then on', async () => {
    const gateway = await start({ routes });
    await gateway.gateway.close();
    await expect(gateway.connect()).rejects.toThrow('503');
    expect(gateway.functions.events).toHaveLength(0);
  });

  it('refuses handshakes that wait for $connect', async () => {
    const gateway = await start({ routes: { ...routes, $connect: () => new Promise(() => {}) } });
    const connecting = gateway.functions.next('CONNECT');
    const client = gateway.client();
    await connecting;
    await gateway.gateway.close();
    await expect(client.opened).rejects.toThrow('503');
  });

  it('waits for a connection that is already being closed', async () => {
    const gateway = await start({ routes });
    const { client, connectionId } = await gateway.connectKnown();
    await gateway.management().send(new DeleteConnectionCommand({ ConnectionId: connectionId }));
    await gateway.gateway.close();
    expect(gateway.functions.count('DISCONNECT')).toBe(1);
    expect((await client.closed).code).toBe(1000);
  });

  it('may be called twice', async () => {
    const gateway = await start({ routes });
    await gateway.connect();
    await Promise.all([gateway.gateway.close(), gateway.gateway.close()]);
    expect(gateway.functions.count('DISCONNECT')).toBe(1);
  });

  it('does not wait for connections that are not open', async () => {
    const gateway = await start({ routes });
    await expect(gateway.gateway.close()).resolves.toBeUndefined();
  });
});
