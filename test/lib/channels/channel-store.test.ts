import { InvalidValueError } from '../../../lib';
import { ChannelStore } from '../../../lib/channels/channel-store';
import type { Member } from '../../../lib/connections/connection-items';
import { ConnectionStore } from '../../../lib/connections/connection-store';
import { SettlementStore } from '../../../lib/departures/settlement-store';
import { describeForEachTable } from '../table/tables';

describeForEachTable('ChannelStore', (under) => {
  const store = () => new ChannelStore(under().table, under().clock);
  const connections = () => new ConnectionStore(under().table, under().clock);
  const settlements = () => new SettlementStore(under().table, under().clock);
  const service = () => under().pk;
  const connect = async (name: string): Promise<Member> => {
    const webSocketId = `${under().pk}-${name}=`;
    const address = { webSocketId, callbackUrl: 'https://api/chat', service: service(), serverFunction: 'f' };
    await connections().accept({ ...address, sessionId: '', attributes: {}, messagesTo: 'hook' }, 'token');
    return { ...address, acceptedAt: under().clock.now(), left: false };
  };
  const idsIn = async (channel: string) => {
    const found = [];
    for await (const { webSocketId } of store().members(service(), channel)) found.push(webSocketId);
    return found.sort();
  };
  const channelsOf = ({ webSocketId }: Member) => store().channelsOf(webSocketId);
  const rowsOf = async ({ webSocketId }: Member) =>
    (await under().table.query({ pk: `CONNECTION#${webSocketId}`, prefix: 'CHANNEL#' })).items;

  it('puts a connection into channels, on both sides', async () => {
    const [ada, bob] = [await connect('ada'), await connect('bob')];
    expect(await store().subscribe(ada, 'news')).toBe(true);
    expect(await store().subscribe(bob, 'news')).toBe(true);
    expect(await store().subscribe(ada, 'sport')).toBe(true);
    expect(await idsIn('news')).toEqual([ada.webSocketId, bob.webSocketId]);
    expect(await channelsOf(ada)).toEqual(['news', 'sport']);
  });

  it('returns with a member everything that a post needs', async () => {
    const ada = await connect('ada');
    await store().subscribe(ada, 'news');
    for await (const member of store().members(service(), 'news')) {
      expect(member).toEqual({ ...ada, channel: 'news' });
    }
  });

  it('may be called twice', async () => {
    const ada = await connect('ada');
    for (let n = 0; n < 2; n++) expect(await store().subscribe(ada, 'news')).toBe(true);
    expect(await idsIn('news')).toHaveLength(1);
  });

  it('removes a connection from channels, on both sides', async () => {
    const ada = await connect('ada');
    await store().subscribe(ada, 'news');
    expect(await store().unsubscribe(ada, 'news')).toBe(true);
    expect([await idsIn('news'), await channelsOf(ada), await rowsOf(ada)]).toEqual([[], [], []]);
    expect(await store().unsubscribe(ada, 'news')).toBe(false);
  });

  it('does not add a closed connection, and leaves nothing of the attempt', async () => {
    const ada = await connect('ada');
    await settlements().begin(ada.webSocketId, 'settler');
    expect(await store().subscribe(ada, 'news')).toBe(false);
    expect([await idsIn('news'), await rowsOf(ada)]).toEqual([[], []]);
  });

  it('does not add a closed connection to any of several channels', async () => {
    const ada = await connect('ada');
    await settlements().begin(ada.webSocketId, 'settler');
    expect(await store().subscribeAll(ada, ['news', 'sport'])).toBe(false);
    expect([await idsIn('news'), await idsIn('sport'), await rowsOf(ada)]).toEqual([[], [], []]);
  });

  it('removes a departed connection from hundreds of channels', async () => {
    const ada = await connect('ada');
    const channels = Array.from({ length: 120 }, (_, n) => `channel-${n}`);
    expect(await store().subscribeAll(ada, channels)).toBe(true);
    await store().leaveAll(ada);
    expect(await rowsOf(ada)).toEqual([]);
    for (const channel of channels) expect(await idsIn(channel)).toEqual([]);
  });

  it.each([[''], ['a#b'], ['*'], ['ä'], ['x'.repeat(129)]])('refuses the name %p', async (name) => {
    const ada = await connect('ada');
    await expect(store().subscribe(ada, name)).rejects.toThrow(InvalidValueError);
    await expect(store().unsubscribe(ada, name)).rejects.toThrow(/1 to 128 letters, digits/);
  });
});
