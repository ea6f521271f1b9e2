import { Inbox } from '../../../lib/inbox/inbox';
import { describeForEachTable } from '../table/tables';

describeForEachTable('Inbox', (under) => {
  const inbox = () => new Inbox(`${under().pk}-ada=`, under().table, under().clock);
  const put = (messageId: string, body: string, sentAt = under().clock.now()) =>
    inbox().put({ messageId, sentAt, body });
  const unread = async (of = inbox()) => {
    const bodies = [];
    for await (const { body } of of.unread()) bodies.push(body);
    return bodies;
  };
  const first = async (of = inbox()) => {
    for await (const message of of.unread()) return message;
    throw new Error('Nothing is unread.');
  };
  const rows = async () =>
    (await under().table.query({ pk: `CONNECTION#${under().pk}-ada=`, prefix: '' })).items;

  it('keeps messages in the order of their timestamps, then of their ids', async () => {
    const now = under().clock.now();
    await put('a-bAAAAAAAAAAAA=', 'third', now);
    await put('aZzAAAAAAAAAAAA=', 'second', now);
    await put('z__AAAAAAAAAAAA=', 'first', now - 1);
    expect(await unread()).toEqual(['first', 'second', 'third']);
  });

  it('gives a message to one reader', async () => {
    await put('aaaa', 'x');
    const message = await first();
    expect(await inbox().take(message, 'ann')).toBe(true);
    expect(await inbox().take(message, 'bob')).toBe(false);
    expect(await unread()).toEqual([]);
  });

  it('recognizes its own take whose response was lost', async () => {
    await put('aaaa', 'x');
    const message = await first();
    await inbox().take(message, 'ann');
    expect(await inbox().take(message, 'ann')).toBe(true);
  });

  it('does not restore a taken message when its put is repeated', async () => {
    await put('aaaa', 'x');
    await inbox().take(await first(), 'ann');
    expect(await put('aaaa', 'x')).toBe(true);
    expect(await unread()).toEqual([]);
  });

  it('drops a message that arrives later than the gateway waits', async () => {
    expect(await put('aaaa', 'x', under().clock.now() - 28_001)).toBe(false);
    expect(await unread()).toEqual([]);
  });

  it('finds an earlier message that arrives after a later one was taken', async () => {
    const same = inbox();
    await put('bbbb', 'later');
    await same.take(await first(same), 'ann');
    await put('aaaa', 'earlier', under().clock.now() - 20_000);
    expect(await unread(same)).toEqual(['earlier']);
  });

  it('finds a message that has waited for an hour', async () => {
    const same = inbox();
    await put('aaaa', 'patient');
    await unread(same);
    await under().clock.advance(3_600_000);
    expect(await unread(same)).toEqual(['patient']);
  });

  it('reads more than one page', async () => {
    const now = under().clock.now();
    for (let n = 0; n < 60; n++) await put(`m${n}AA`, String(n), now + n);
    expect(await unread()).toEqual(Array.from({ length: 60 }, (_, n) => String(n)));
  });

  it('deletes messages that were taken long ago, and keeps those that were taken recently', async () => {
    await put('aaaa', 'old');
    await inbox().take(await first(), 'ann');
    await under().clock.advance(60_000);
    await put('bbbb', 'late');
    await inbox().take(await first(), 'ann');
    await under().clock.advance(40_000);
    await unread();
    expect((await rows()).map(({ sk }) => sk.split('#')[2])).toEqual([
      Buffer.from('bbbb', 'base64url').toString('hex'),
    ]);
  });

  it('lets unread messages expire when told to', async () => {
    await put('aaaa', 'x');
    await inbox().expire(Math.floor(under().clock.now() / 1000) + 600);
    await under().clock.advance(600_000);
    expect(await rows()).toEqual([]);
  });

  it('acknowledges what its owner has handled, once', async () => {
    await put('aaaa', 'x');
    const message = await first();
    await inbox().acknowledge(message, 'epoch 1');
    await inbox().acknowledge(message, 'epoch 2');
    expect((await rows())[0]).toMatchObject({ reader: 'epoch 1' });
    expect(await unread()).toEqual([]);
  });
});
