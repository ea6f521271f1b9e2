import { SessionStore } from '../../../lib/sessions/session-store';
import { describeForEachTable } from '../table/tables';

const MINUTES = 60_000;

describeForEachTable('SessionStore', (under) => {
  const store = () => new SessionStore(under().table, under().clock);
  const session = () => ({ service: under().pk, sessionId: 'ada' });
  const socket = (webSocketId: string) => ({ ...session(), webSocketId });
  const join = (webSocketId: string, endOnClose = true) => store().join(socket(webSocketId), endOnClose);
  const leave = (webSocketId: string) => store().leave(socket(webSocketId));
  const sockets = () => store().sockets(session());
  const row = () => under().table.get({ pk: `SESSION#${under().pk}#ada`, sk: 'SESSION' });

  it('knows the sockets that have joined and not left', async () => {
    expect(await sockets()).toEqual([]);
    await join('a=');
    await join('b=');
    expect(await sockets()).toEqual(['a=', 'b=']);
    await leave('a=');
    expect(await sockets()).toEqual(['b=']);
  });

  it('keeps sessions of other ids and other services apart', async () => {
    await join('a=');
    expect(await store().sockets({ ...session(), sessionId: 'bob' })).toEqual([]);
    expect(await store().sockets({ ...session(), service: 'other' })).toEqual([]);
  });

  it('ends with its last socket', async () => {
    await join('a=');
    await join('b=');
    expect(await leave('a=')).toBe(false);
    expect(await leave('b=')).toBe(true);
  });

  it('ends once if the last two sockets leave at the same time', async () => {
    await join('a=');
    await join('b=');
    const ends = await Promise.all([leave('a='), leave('b=')]);
    expect(ends.filter(Boolean)).toHaveLength(1);
  });

  it('is not reported if none of its sockets has requested it', async () => {
    await join('a=', false);
    await join('b=', false);
    await leave('a=');
    expect(await leave('b=')).toBe(false);
  });

  it('is reported if any of its sockets has requested it, even one that left before the last', async () => {
    await join('a=');
    await join('b=', false);
    await leave('a=');
    expect(await leave('b=')).toBe(true);
  });

  it('does not inherit the request from an earlier generation', async () => {
    await join('a=');
    await leave('a=');
    await store().finishEnd(socket('a='));
    await join('b=', false);
    expect(await leave('b=')).toBe(false);
  });

  it('ends again with the last socket of its next generation', async () => {
    await join('a=');
    await leave('a=');
    await store().finishEnd(socket('a='));
    await join('b=');
    expect(await leave('b=')).toBe(true);
  });

  it('lets the process continue whose hook has not finished, and no other', async () => {
    await join('a=');
    await join('b=');
    await leave('a=');
    expect(await leave('b=')).toBe(true);
    expect(await leave('a=')).toBe(false);
    expect(await leave('b=')).toBe(true);
    await store().finishEnd(socket('b='));
    expect(await leave('b=')).toBe(false);
  });

  it('still has to run its hook when another socket has joined in the meantime', async () => {
    await join('a=');
    await leave('a=');
    await join('b=');
    expect(await leave('a=')).toBe(true);
    await store().finishEnd(socket('a='));
    expect(await leave('a=')).toBe(false);
    expect(await leave('b=')).toBe(true);
  });

  it('does not accept a socket that was reported closed before it could join', async () => {
    expect(await leave('a=')).toBe(false);
    expect(await join('a=')).toBe(false);
    expect(await sockets()).toEqual([]);
  });

  it('is not recreated by a late copy of a join, up to a quarter of an hour later', async () => {
    await join('a=');
    await leave('a=');
    await join('b=');
    await leave('b=');
    for (let minute = 0; minute <= 15; minute += 5) {
      expect(await join('a=')).toBe(false);
      await under().clock.advance(5 * MINUTES);
      await join(`other ${minute}`);
      await leave(`other ${minute}`);
    }
  });

  it('remembers departed sockets for at most half an hour, however many there are', async () => {
    for (let turn = 0; turn < 12; turn++) {
      await join(`${turn}`);
      await leave(`${turn}`);
      await under().clock.advance(15 * MINUTES);
    }
    const left = Object.entries((await row()) ?? {}).filter(([name]) => name.startsWith('left'));
    expect(left.flatMap(([, ids]) => ids).sort()).toEqual(['10', '11']);
  });

  it('is deleted a day after its last change', async () => {
    await join('a=');
    await under().clock.advance(23 * 60 * MINUTES);
    await join('b=');
    await under().clock.advance(23 * 60 * MINUTES);
    expect(await row()).toBeDefined();
    await under().clock.advance(2 * 60 * MINUTES);
    expect(await row()).toBeUndefined();
  });
});
