import type { MemberKey } from '../../../lib/connections/connection-items';
import { ConnectionStore, type NewConnection } from '../../../lib/connections/connection-store';
import { identificationOrder } from '../../../lib/connections/identification-order';
import { SettlementStore } from '../../../lib/departures/settlement-store';
import { describeForEachTable } from '../table/tables';

describeForEachTable('ConnectionStore', (under) => {
  const store = () => new ConnectionStore(under().table, under().clock);
  const settlements = () => new SettlementStore(under().table, under().clock);
  // Each test has its own service and id.
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
    it('creates an open connection, and a member of its service', async () => {
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

    it('recognizes its own earlier success, and keeps a name that was set in the meantime', async () => {
      const connection = newConnection();
      await store().accept(connection, 'token');
      await named(connection, 'Ada', 1);
      expect(await store().accept(connection, 'token')).toBe(true);
      expect((await store().member(connection))?.user).toBe('Ada');
    });

    it('refuses an existing id', async () => {
      await store().accept(newConnection(), 'token');
      expect(await store().accept(newConnection(), 'other token')).toBe(false);
    });

    it('does not reopen a connection that has closed in the meantime', async () => {
      const connection = newConnection();
      await store().accept(connection, 'token');
      await settlements().begin(connection.webSocketId, 'settler');
      expect(await store().accept(connection, 'token')).toBe(false);
      expect((await store().connection(connection.webSocketId))?.state).toBe('closed');
    });
  });

  describe('start', () => {
    it('lets one request run server(), and the same request again', async () => {
      const connection = newConnection();
      await store().accept(connection, 'token');
      expect(await store().start(connection.webSocketId, 'request 1', 0)).toMatchObject({
        sessionId: 'session',
      });
      expect(await store().start(connection.webSocketId, 'request 2', 0)).toBeUndefined();
      expect(await store().start(connection.webSocketId, 'request 1', 0)).toBeDefined();
    });

    it('leaves nothing when a late copy of a server()’s note arrives after all rows were deleted', async () => {
      await store().beginLoop('gone', 'request 1');
      await store().handOverLoop('gone', 'request 1', 1);
      await store().endLoop('gone', 'request 1');
      await store().postpone('gone', 'request 1');
      expect(await store().connection('gone')).toBeUndefined();
    });

    it('starts nothing for a closed or unknown connection, and creates nothing', async () => {
      const { webSocketId } = newConnection();
      expect(await store().start(webSocketId, 'request', 0)).toBeUndefined();
      expect(await store().connection(webSocketId)).toBeUndefined();
      await store().accept(newConnection(), 'token');
      await settlements().begin(webSocketId, 'settler');
      expect(await store().start(webSocketId, 'request', 0)).toBeUndefined();
    });
  });

  describe('name', () => {
    it('names a member, and keeps the position of its first name', async () => {
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

    it('does not recreate a member that is absent or leaving', async () => {
      await named(newConnection(), 'Ada', 10);
      expect(await store().member(newConnection())).toBeUndefined();
      await store().accept(newConnection(), 'token');
      await settlements().leave(newConnection());
      await named(newConnection(), 'Ada', 10);
      expect((await store().member(newConnection()))?.user).toBeUndefined();
    });
  });
});
