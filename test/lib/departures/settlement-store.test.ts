import { ConnectionStore, type NewConnection } from '../../../lib/connections/connection-store';
import { identificationOrder } from '../../../lib/connections/identification-order';
import { SettlementStore } from '../../../lib/departures/settlement-store';
import { describeForEachTable } from '../table/tables';

describeForEachTable('SettlementStore', (under) => {
  const store = () => new ConnectionStore(under().table, under().clock);
  const settlements = () => new SettlementStore(under().table, under().clock);
  const newConnection = (): NewConnection => ({
    webSocketId: `${under().pk}-ada=`,
    callbackUrl: 'https://api.execute-api.us-east-1.amazonaws.com/chat',
    service: under().pk,
    sessionId: 'session',
    serverFunction: 'chat-server',
    attributes: { room: 7 },
    messagesTo: 'hook',
  });
  const members = async () => {
    const found = [];
    for await (const member of store().members(under().pk)) found.push(member);
    return found;
  };

  const settled = async (settler: string) => {
    const connection = await settlements().begin(newConnection().webSocketId, settler, { code: 1001 });
    if (connection) {
      await settlements().leave(connection);
      await settlements().finish(connection, settler);
    }
    return connection;
  };

  it('is started by one process, which may repeat it', async () => {
    const { webSocketId } = newConnection();
    await store().accept(newConnection(), 'token');
    const begun = await settlements().begin(webSocketId, 'one', { code: 1001, reason: 'Going away' });
    expect(begun).toMatchObject({ state: 'closed', closeCode: 1001, closeReason: 'Going away' });
    expect(await settlements().begin(webSocketId, 'two')).toBeUndefined();
    expect(await settlements().begin(webSocketId, 'one')).toMatchObject({
      settler: 'one',
      done: false,
    });
  });

  it('creates nothing for an unknown id', async () => {
    expect(await settled('one')).toBeUndefined();
    expect(await store().connection(newConnection().webSocketId)).toBeUndefined();
  });

  it('removes a leaving member from the service, and keeps its row until the end', async () => {
    await store().accept(newConnection(), 'token');
    const order = identificationOrder({ at: 1, requestId: 'test' });
    await store().identifyMember(newConnection(), { user: 'Ada' }, order);
    expect(await settlements().leave(newConnection())).toMatchObject({ user: 'Ada', left: true });
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

  it('does not start again once it is done', async () => {
    await store().accept(newConnection(), 'token');
    await settled('one');
    expect(await settled('one')).toBeUndefined();
    expect(await settled('two')).toBeUndefined();
  });

  it('is taken over from a crashed process after its lease, by one process', async () => {
    await store().accept(newConnection(), 'token');
    const stale = await settlements().begin(newConnection().webSocketId, 'dead');
    if (!stale) throw new Error('not begun');
    expect(await settlements().takeOver(stale, 'heir')).toBeUndefined();
    await under().clock.advance(45_001);
    expect(await settlements().takeOver(stale, 'heir')).toMatchObject({ settler: 'heir' });
    expect(await settlements().takeOver(stale, 'late heir')).toBeUndefined();
    expect(await settlements().takeOver(stale, 'heir')).toMatchObject({ settler: 'heir' });
  });

  it('cannot be finished by a process that has lost it', async () => {
    await store().accept(newConnection(), 'token');
    const stale = await settlements().begin(newConnection().webSocketId, 'stalled');
    if (!stale) throw new Error('not begun');
    await under().clock.advance(45_001);
    await settlements().takeOver(stale, 'heir');
    await settlements().finish(stale, 'stalled');
    expect(await store().connection(stale.webSocketId)).toMatchObject({ done: false });
    expect(await store().member(stale)).toBeDefined();
  });
});
