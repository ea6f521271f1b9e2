/** The costs of each command of Centrifuge's clients. */
import jwt from 'jsonwebtoken';
import type { ChannelRules } from '../../lib';
import { RealtimeServer } from '../../lib/realtime';
import { PUBLISH_IN_PARTS } from '../../lib/realtime/publication-parts';
import { newWebSocketId } from '../../lib/testing';
import { MeteredService } from '../metered-service';
import type { MeteredTable } from '../metered-table';
import type { Step } from './step';

const SECRET = 'a secret of the bench';
const TOKEN_MILLISECONDS = 600_000;
const AN_OLD_AGE_MILLISECONDS = 60_000;
const ROOM = 'room/1';
const OPEN = 'open/1';
/** At most 10 KB, with its keys and names. */
const PART_CHARACTERS = 10_000;

class LobbyServer extends RealtimeServer {
  static override readonly channels: ChannelRules = {
    'room/*': { log: { size: 300, seconds: 86_400 }, presence: true },
    'open/*': { presence: true },
  };
  override async tokenKeys() {
    return { secret: SECRET };
  }
  override async onSubscribe(...[channel, request]: Parameters<RealtimeServer['onSubscribe']>) {
    return request?.token ? super.onSubscribe(channel, request) : true;
  }
  override async onPublish() {
    return true;
  }
  override async onRpc(_method: string, data: unknown) {
    return data;
  }
}

export async function* realtimeSteps(table: MeteredTable): AsyncGenerator<Step, void, undefined> {
  const lobby = new MeteredService(table, 'lobby', LobbyServer);
  let id = 0;
  const token = (user: string, claims = {}) => {
    const exp = Math.floor((lobby.clock.now() + TOKEN_MILLISECONDS) / 1_000);
    return jwt.sign({ sub: user, exp, ...claims }, SECRET);
  };
  const send = (client: string, command: object) => lobby.say(client, { id: ++id, ...command });
  const step = async (name: string, client: string, command: object): Promise<Step> => ({
    ...{ name: `a realtime client: ${name}`, cost: await lobby.costOf(() => send(client, command)) },
  });
  const [ada, bob, eve] = [newWebSocketId(), newWebSocketId(), newWebSocketId()];
  await lobby.connect(bob);
  await send(bob, { connect: { token: token('bob') } });
  for (const channel of [ROOM, OPEN]) await send(bob, { subscribe: { channel } });
  await lobby.connect(ada);
  await lobby.clock.advance(AN_OLD_AGE_MILLISECONDS);

  yield await step('connect, with a token', ada, {
    connect: { token: token('ada', { info: { name: 'Ada' } }) },
  });
  yield await step('subscribe', ada, { subscribe: { channel: OPEN } });
  yield await step('subscribe to a log', ada, { subscribe: { channel: ROOM } });
  yield await step('publish, to 2', ada, { publish: { channel: OPEN, data: 'hello' } });
  yield await step('publish to a log, to 2', ada, { publish: { channel: ROOM, data: 'hello' } });
  yield await step('presence, of 2', ada, { presence: { channel: ROOM } });
  yield await step('history, 1 line', ada, { history: { channel: ROOM, limit: 10 } });
  yield await step('rpc', ada, { rpc: { method: 'echo', data: 'hello' } });
  const text = JSON.stringify('x'.repeat(20_000));
  const parts = [text.slice(0, PART_CHARACTERS), text.slice(PART_CHARACTERS)].map((part, n) => ({
    rpc: {
      method: PUBLISH_IN_PARTS,
      data: { channel: OPEN, upload: 'upload', part: n + 1, of: 2, text: part },
    },
  }));
  yield await step('publish, a part of 10 KB', ada, parts[0] as object);
  yield await step('publish, the last of 2 parts, to 2', ada, parts[1] as object);
  yield await step('send', ada, { send: { data: 'hello' } });
  // The last token determines the user's info.
  await lobby.clock.advance(1_000);
  yield await step('refresh', ada, { refresh: { token: token('ada', { info: { name: 'Ada' } }) } });
  await lobby.clock.advance(1_000);
  const renamed = token('ada', { info: { name: 'Countess' } });
  yield await step('refresh, with other info', ada, { refresh: { token: renamed } });
  const subscription = () => ({ channel: 'open/2', token: token('ada', { channel: 'open/2' }) });
  yield await step('subscribe, with a token that expires', ada, { subscribe: subscription() });
  await lobby.clock.advance(AN_OLD_AGE_MILLISECONDS);
  yield await step('sub_refresh', ada, { sub_refresh: subscription() });
  yield await step('unsubscribe', ada, { unsubscribe: { channel: OPEN } });
  yield await step('unsubscribe from a log', ada, { unsubscribe: { channel: ROOM } });

  await lobby.connect(eve);
  await lobby.clock.advance(AN_OLD_AGE_MILLISECONDS);
  const frame = [
    { id: 1, connect: { token: token('eve') } },
    { id: 2, subscribe: { channel: ROOM, recover: true, offset: 0 } },
  ];
  const comeBack = () => lobby.say(eve, frame.map((command) => JSON.stringify(command)).join('\n'));
  yield { name: 'a realtime client: come back to a log', cost: await lobby.costOf(comeBack) };
  yield { name: 'a realtime client: leave, from a log', cost: await lobby.costOf(() => lobby.leave(eve)) };
}
