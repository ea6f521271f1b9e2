import type { MemberKey } from '../../../lib/connections/connection-items';
import {
  ConnectionStore,
  identificationOrder,
  isOpening,
  type NewConnection,
} from '../../../lib/connections/connection-store';
import { describeForEachTable } from '../table/tables';

describeForEachTable('ConnectionStore', (under) => {
  const store = () => new ConnectionStore(under().table, under().clock);
  // A service and an id of their own for each test.
  const service = () => under().pk;
  const newConnection = (): NewConnection => ({
    webSocketId: `${under().pk}-ada=`,
    callbackUrl: 'https://api.execute-api.us-east-1.amazonaws.com/chat',
    service: service(),
    sessionId: 'session',
    serverFunction: 'chat-server',
    attributes: { room: 7 },
    messagesTo: 'hook',
  });
  const named = (key: MemberKey, user: string, at: number) =>
    store().identifyMember(key, { user }, identificationOrder({ at, requestId: 'test' }));
  const members = async () => {
    const found = [];
    for await (const member of store().members(service())) found.push(member);
    return found;
  };

  describe('accept', () => {
    it('makes a connection that is open, and a member of its service', async () => {
      const acceptedAt = under().clock.now();
      expect(await store().accept(newConnection(), 'token')).toBe(true);
      const { webSocketId, callbackUrl, serverFunction, sessionId } = newConnection();
      expect(await store().connection(webSocketId)).toEqual({
        ...newConnection(),
        acceptedAt,
        state: 'open',
        done: false,
      });
      expect(await members()).toEqual([
        {
          ...{ webSocketId, callbackUrl, serverFunction, sessionId },
          ...{ service: service(), acceptedAt, left: false },
        },
      ]);
    });

    it('recognizes its own earlier success, and loses no name given meanwhile', async () => {
      const connection = newConnection();
      await store().accept(connection, 'token');
      await named(connection, 'Ada', 1);
      expect(await store().accept(connection, 'token')).toBe(true);
      expect((await store().member(connection))?.user).toBe('Ada');
    });

    it('refuses an id that another one has', async () => {
      await store().accept(newConnection(), 'token');
      expect(await store().accept(newConnection(), 'other token')).toBe(false);
    });

    it('does not reopen a connection that has closed meanwhile', async () => {
      const connection = newConnection();
      await store().accept(connection, 'token');
      await store().beginSettlement(connection.webSocketId, 'settler');
      expect(await store().accept(connection, 'token')).toBe(false);
      expect((await store().connection(connection.webSocketId))?.state).toBe('closed');
    });
  });

  describe('start', () => {
    it('lets one request run server(), and the same one again', async () => {
      const connection = newConnection();
      await store().accept(connection, 'token');
      expect(await store().start(connection.webSocketId, 'request 1', 0)).toMatchObject({
        sessionId: 'session',
      });
      expect(await store().start(connection.webSocketId, 'request 2', 0)).toBeUndefined();
      expect(await store().start(connection.webSocketId, 'request 1', 0)).toBeDefined();
    });

    it('leaves no ghost of a connection when a copy of what a server() noted comes after all rows have gone', async () => {
      await store().beginLoop('gone', 'request 1');
      await store().handOverLoop('gone', 'request 1', 1);
      await store().endLoop('gone', 'request 1');
      await store().postpone('gone', 'request 1');
      expect(await store().connection('gone')).toBeUndefined();
    });

    it('starts nothing that has closed or never was, and creates nothing', async () => {
      const { webSocketId } = newConnection();
      expect(await store().start(webSocketId, 'request', 0)).toBeUndefined();
      expect(await store().connection(webSocketId)).toBeUndefined();
      await store().accept(newConnection(), 'token');
      await store().beginSettlement(webSocketId, 'settler');
      expect(await store().start(webSocketId, 'request', 0)).toBeUndefined();
    });
  });

  describe('name', () => {
    it('names a member, and keeps the place of its first name', async () => {
      await store().accept(newConnection(), 'token');
      await named(newConnection(), 'Ada', 10);
      await named(newConnection(), 'Ada L.', 20);
      expect(await store().member(newConnection())).toMatchObject({ user: 'Ada L.', namedAt: 10 });
    });

    it('keeps the later of two requests that overtake each other', async () => {
      await store().accept(newConnection(), 'token');
      await named(newConnection(), 'later', 20);
      await named(newConnection(), 'earlier', 10);
      expect(await store().member(newConnection())).toMatchObject({ user: 'later' });
    });

    it('makes no ghost of one who is absent, or leaving', async () => {
      await named(newConnection(), 'Ada', 10);
      expect(await store().member(newConnection())).toBeUndefined();
      await store().accept(newConnection(), 'token');
      await store().leave(newConnection());
      await named(newConnection(), 'Ada', 10);
      expect((await store().member(newConnection()))?.user).toBeUndefined();
    });
  });

  describe('settlement', () => {
    const settled = async (settler: string) => {
      const connection = await store().beginSettlement(newConnection().webSocketId, settler, { code: 1001 });
      if (connection) {
        await store().leave(connection);
        await store().finishSettlement(connection, settler);
      }
      return connection;
    };

    it('is begun by one settler, who may repeat it', async () => {
      const { webSocketId } = newConnection();
      await store().accept(newConnection(), 'token');
      const begun = await store().beginSettlement(webSocketId, 'one', { code: 1001, reason: 'Going away' });
      expect(begun).toMatchObject({ state: 'closed', closeCode: 1001, closeReason: 'Going away' });
      expect(await store().beginSettlement(webSocketId, 'two')).toBeUndefined();
      expect(await store().beginSettlement(webSocketId, 'one')).toMatchObject({
        settler: 'one',
        done: false,
      });
    });

    it('creates nothing for an unknown id', async () => {
      expect(await settled('one')).toBeUndefined();
      expect(await store().connection(newConnection().webSocketId)).toBeUndefined();
    });

    it('takes a leaving member out of the service, and keeps its row until the end', async () => {
      await store().accept(newConnection(), 'token');
      await named(newConnection(), 'Ada', 1);
      expect(await store().leave(newConnection())).toMatchObject({ user: 'Ada', left: true });
      expect(await members()).toEqual([]);
      expect(await store().member(newConnection())).toBeDefined();
    });

    it('leaves a closed mark that expires, and no member', async () => {
      await store().accept(newConnection(), 'token');
      await settled('one');
      expect(await store().member(newConnection())).toBeUndefined();
      expect(await store().connection(newConnection().webSocketId)).toMatchObject({
        state: 'closed',
        done: true,
      });
      await under().clock.advance(10 * 60_000 + 1_000);
      expect(await store().connection(newConnection().webSocketId)).toBeUndefined();
    });

    it('is not begun again once it is done', async () => {
      await store().accept(newConnection(), 'token');
      await settled('one');
      expect(await settled('one')).toBeUndefined();
      expect(await settled('two')).toBeUndefined();
    });

    it('is taken over from a dead settler when its lease has passed, by one', async () => {
      await store().accept(newConnection(), 'token');
      const stale = await store().beginSettlement(newConnection().webSocketId, 'dead');
      if (!stale) throw new Error('not begun');
      expect(await store().takeOverSettlement(stale, 'heir')).toBeUndefined();
      await under().clock.advance(45_001);
      expect(await store().takeOverSettlement(stale, 'heir')).toMatchObject({ settler: 'heir' });
      expect(await store().takeOverSettlement(stale, 'late heir')).toBeUndefined();
      expect(await store().takeOverSettlement(stale, 'heir')).toMatchObject({ settler: 'heir' });
    });

    it('cannot be finished by one who has lost it', async () => {
      await store().accept(newConnection(), 'token');
      const stale = await store().beginSettlement(newConnection().webSocketId, 'stalled');
      if (!stale) throw new Error('not begun');
      await under().clock.advance(45_001);
      await store().takeOverSettlement(stale, 'heir');
      await store().finishSettlement(stale, 'stalled');
      expect(await store().connection(stale.webSocketId)).toMatchObject({ done: false });
      expect(await store().member(stale)).toBeDefined();
    });
  });
});

describe('isOpening', () => {
  it('judges by the time at which the probe was sent', () => {
    expect(isOpening(1_000, 31_000)).toBe(true);
    expect(isOpening(1_000, 31_001)).toBe(false);
  });
});
