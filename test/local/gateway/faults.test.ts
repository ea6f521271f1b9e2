import {
  DeleteConnectionCommand,
  GetConnectionCommand,
  LimitExceededException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { Faults } from '../../../local/faults/faults';
import { gateways, OK, type RunningGateway } from './running-gateway';

const ROUTES = { $connect: OK, $disconnect: OK, $default: OK };

describe('the fault', () => {
  const start = gateways();

  const post = (gateway: RunningGateway, ConnectionId: string, Data = 'hello') =>
    gateway.management().send(new PostToConnectionCommand({ ConnectionId, Data }));

  describe('lost-disconnect', () => {
    it('suppresses $disconnect for its share of the closing connections', async () => {
      const faults = new Faults({ 'lost-disconnect': 0.5 });
      const gateway = await start({ routes: ROUTES, faults });
      const clients = await Promise.all(Array.from({ length: 20 }, () => gateway.connectKnown()));
      for (const { client } of clients) client.ws.close();
      await Promise.all(clients.map(({ client }) => client.closed));
      await gateway.gateway.close();
      const [, struck] = /lost-disconnect (\d+) of 20/.exec(faults.summary()) ?? [];
      expect(Number(struck)).toBeGreaterThan(3);
      expect(gateway.functions.count('DISCONNECT')).toBe(20 - Number(struck));
    });

    it('leaves the connection gone for posts', async () => {
      const gateway = await start({ routes: ROUTES, faults: new Faults({ 'lost-disconnect': 1 }) });
      const { client, connectionId } = await gateway.connectKnown();
      client.ws.close();
      await client.closed;
      await expect(post(gateway, connectionId)).rejects.toThrow(
        expect.objectContaining({ name: 'GoneException' }),
      );
      expect(gateway.functions.count('DISCONNECT')).toBe(0);
    });
  });

  describe('late-disconnect', () => {
    it('delays $disconnect by this much, unchanged', async () => {
      const gateway = await start({ routes: ROUTES, faults: new Faults({ 'late-disconnect': 5 }) });
      const { client, connectionId } = await gateway.connectKnown();
      const endedAt = gateway.clock.now();
      client.ws.close(4001, 'enough');
      await client.closed;
      await expect(post(gateway, connectionId)).rejects.toThrow(
        expect.objectContaining({ name: 'GoneException' }),
      );
      gateway.clock.advance(4_999);
      expect(gateway.functions.count('DISCONNECT')).toBe(0);
      const disconnected = gateway.functions.next('DISCONNECT');
      gateway.clock.advance(1);
      expect((await disconnected).requestContext).toMatchObject({
        connectionId,
        disconnectStatusCode: 4001,
        disconnectReason: 'enough',
        requestTimeEpoch: endedAt,
      });
    });

    it('ends the delay when the gateway closes', async () => {
      const gateway = await start({ routes: ROUTES, faults: new Faults({ 'late-disconnect': 60 }) });
      const client = await gateway.connect();
      client.ws.close();
      await client.closed;
      await gateway.gateway.close();
      expect(gateway.functions.count('DISCONNECT')).toBe(1);
    });
  });

  describe('half-open', () => {
    async function halfOpen() {
      const faults = new Faults({ 'half-open': 1 });
      const gateway = await start({ routes: ROUTES, faults });
      const { client, connectionId } = await gateway.connectKnown();
      await post(gateway, connectionId, 'before');
      expect(await client.next()).toBe('before');
      gateway.clock.advance(10_000);
      return { gateway, faults, client, connectionId };
    }

    it('responds to posts and GETs with 200, and drops the frames', async () => {
      const { gateway, faults, client, connectionId } = await halfOpen();
      await post(gateway, connectionId, 'swallowed');
      await gateway.management().send(new GetConnectionCommand({ ConnectionId: connectionId }));
      faults.stop();
      expect((await client.closed).code).toBe(1006);
      expect(client.unread).toEqual([]);
    });

    it('receives nothing from the client either, not even its close', async () => {
      const { gateway, faults, client, connectionId } = await halfOpen();
      client.send('lost');
      client.terminate();
      await client.closed;
      await post(gateway, connectionId);
      expect(gateway.functions.count('DISCONNECT')).toBe(0);
      const disconnected = gateway.functions.next('DISCONNECT');
      faults.stop();
      expect((await disconnected).requestContext.disconnectStatusCode).toBe(1006);
      expect(gateway.functions.count('MESSAGE')).toBe(0);
    });

    it('ends at a DELETE, which the client notices only by the broken connection', async () => {
      const { gateway, client, connectionId } = await halfOpen();
      const disconnected = gateway.functions.next('DISCONNECT');
      await gateway.management().send(new DeleteConnectionCommand({ ConnectionId: connectionId }));
      await expect(post(gateway, connectionId)).rejects.toThrow(
        expect.objectContaining({ name: 'GoneException' }),
      );
      gateway.clock.advance(2_000);
      expect((await disconnected).requestContext.disconnectStatusCode).toBe(1000);
      expect((await client.closed).code).toBe(1006);
    });
  });

  describe('throttled', () => {
    it('responds to its share of the posts with 429, and affects nothing else', async () => {
      const faults = new Faults({ throttled: 0.5 });
      const gateway = await start({ routes: ROUTES, faults });
      const { client, connectionId } = await gateway.connectKnown();
      const outcomes = [];
      for (let n = 0; n < 20; n++) {
        outcomes.push(await post(gateway, connectionId).catch((error: unknown) => error));
        await gateway.management().send(new GetConnectionCommand({ ConnectionId: connectionId }));
      }
      const refused = outcomes.filter((outcome) => outcome instanceof LimitExceededException);
      expect(refused.length).toBeGreaterThan(3);
      expect(refused.length).toBeLessThan(17);
      expect(refused[0]?.$metadata.httpStatusCode).toBe(429);
      for (let n = refused.length; n < 20; n++) expect(await client.next()).toBe('hello');
      expect(faults.summary()).toBe(`Faults: throttled ${refused.length} of 20`);
    });
  });

  describe('post-fails', () => {
    it('responds to its share of the posts with 500, and delivers none of them', async () => {
      const faults = new Faults({ 'post-fails': 0.5 });
      const gateway = await start({ routes: ROUTES, faults });
      const { client, connectionId } = await gateway.connectKnown();
      let failed = 0;
      for (let n = 0; n < 20; n++) {
        await post(gateway, connectionId, String(n)).then(
          async () => expect(await client.next()).toBe(String(n)),
          (error) => {
            expect(error).toMatchObject({ $metadata: { httpStatusCode: 500 } });
            failed += 1;
          },
        );
      }
      expect(faults.list()).toEqual([{ name: 'post-fails', value: 0.5, struck: failed, cases: 20 }]);
      expect(failed).toBeGreaterThan(3);
    });
  });

  describe('post-hangs', () => {
    it('does not respond to a post until its sender gives up', async () => {
      let struck = () => {};
      const isStruck = new Promise<void>((resolve) => {
        struck = resolve;
      });
      const gateway = await start({
        routes: ROUTES,
        faults: new Faults({ 'post-hangs': 1 }, 1, { info: () => struck() }),
      });
      const { client, connectionId } = await gateway.connectKnown();
      const giveUp = new AbortController();
      const posted = gateway
        .management()
        .send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: 'lost' }), {
          abortSignal: giveUp.signal,
        });
      await isStruck;
      giveUp.abort();
      await expect(posted).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
      client.ws.close();
      await client.closed;
      expect(client.unread).toEqual([]);
    });
  });
});
