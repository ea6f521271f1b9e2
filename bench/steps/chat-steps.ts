/** The chat's steps, with ten and with a thousand clients that all have names. */
import { LINES } from '../../functions/chat/room';
import { ChatServer } from '../../functions/chat/server';
import { UserList } from '../../functions/chat/user-list';
import { connectionKey, memberKey } from '../../lib/connections/connection-items';
import { Settlement } from '../../lib/departures/settlement';
import { Sweep } from '../../lib/departures/sweep';
import { newWebSocketId } from '../../lib/testing';
import { MeteredService } from '../metered-service';
import type { MeteredTable } from '../metered-table';
import type { Step } from './step';

const ALIAS = { User: 'Ada Byron' };
const LINE = { Message: 'aGVsbG8=', Author: 'Ada Byron' };
const AN_OLD_AGE_MILLISECONDS = 60_000;

export async function* chatSteps(table: MeteredTable): AsyncGenerator<Step, void, undefined> {
  const chat = new MeteredService(table, 'chat', ChatServer);
  const { service } = chat;
  const keysOf = (webSocketId: string) => [
    connectionKey(webSocketId),
    memberKey({ service: service.name, webSocketId }),
    memberKey({ service: service.name, webSocketId, channel: LINES }),
  ];
  const step = async (name: string, work: () => Promise<unknown>): Promise<Step> => ({
    ...{ name: `chat: ${name}`, cost: await chat.costOf(work) },
  });
  const sweep = () =>
    chat.invoked(async () => {
      const hooks = { onPostServer: async () => {}, onSessionEnd: async () => {} };
      await new Sweep(service, new Settlement(service.backend, hooks)).run();
      await new UserList(service).mend();
    });
  const [first, named, nameless] = [newWebSocketId(), newWebSocketId(), newWebSocketId()];
  await chat.connect(first);
  await chat.say(first, ALIAS);
  // The first line after a client has joined costs one more write, which stores the client's starting position.
  await chat.say(first, LINE);
  await chat.multiply(first, 9, keysOf);
  yield await step('a line to 10', () => chat.say(first, LINE));
  await chat.clock.advance(AN_OLD_AGE_MILLISECONDS);
  // The first sweep sends the list to clients that were counted but not announced.
  await sweep();
  yield await step('the sweep, over 10', sweep);

  await chat.multiply(first, 989, keysOf);
  yield await step('connect, as the 1,000th', () => chat.connect(named));
  yield await step('an alias, sent to 1,000', () => chat.say(named, ALIAS));
  await chat.say(first, LINE);
  yield await step('a line to 1,000', () => chat.say(first, LINE));
  yield await step('leave with an alias, sent to 999', () => chat.leave(named));
  await chat.connect(nameless);
  yield await step('leave without an alias', () => chat.leave(nameless));
}
