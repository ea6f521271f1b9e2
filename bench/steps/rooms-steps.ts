/** The steps of a room: a channel with a log and presence, sent as differences. */
import { type ChannelRules, WebSocketServer } from '../../lib';
import { memberKey } from '../../lib/connections/connection-items';
import { newWebSocketId } from '../../lib/testing';
import { MeteredService } from '../metered-service';
import type { MeteredTable } from '../metered-table';
import type { Step } from './step';

const ROOM = 'room/1';
const AN_OLD_AGE_MILLISECONDS = 60_000;

class RoomServer extends WebSocketServer {
  static override channels: ChannelRules = {
    'room/*': { log: { size: 100, seconds: 3_600 }, joinLeave: 'differences' },
  };
  override async onPreServer(): Promise<void> {
    await this.identify({ user: this.webSocketId });
  }
  override async onClientMessage(data: string): Promise<void> {
    if (data === 'enter') await this.subscribe(ROOM);
    else await this.service.channel(ROOM).publish({ answer: data, by: this.user });
  }
}

export async function* roomsSteps(table: MeteredTable): AsyncGenerator<Step, void, undefined> {
  const rooms = new MeteredService(table, 'rooms', RoomServer);
  const keysOf = (webSocketId: string) => [
    memberKey({ service: rooms.service.name, webSocketId, channel: ROOM }),
  ];
  const step = async (name: string, work: () => Promise<unknown>): Promise<Step> => ({
    ...{ name: `a room: ${name}`, cost: await rooms.costOf(work) },
  });
  const [first, twentieth] = [newWebSocketId(), newWebSocketId()];
  await rooms.connect(first);
  await rooms.say(first, 'enter');
  await rooms.multiply(first, 18, keysOf);
  await rooms.connect(twentieth);
  await rooms.clock.advance(AN_OLD_AGE_MILLISECONDS);
  yield await step('join, as the 20th', () => rooms.say(twentieth, 'enter'));
  yield await step('a line to 20', () => rooms.say(first, 'two'));
  yield await step('leave, as one of 20', () => rooms.leave(twentieth));
}
