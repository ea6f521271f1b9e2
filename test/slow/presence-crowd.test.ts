import { type ChannelRules, WebSocketServer } from '../../lib';
import { ManualClock, type TestClient, TestService } from '../../lib/testing';

const CROWD = 1_000;
/** By default, API Gateway opens 500 connections a second, so a thousand arrive within two seconds. */
const COMING_MILLISECONDS = 2_000;
const STEP_MILLISECONDS = 10;

/** The real code with simulated time: this test counts frames, whatever the speed of this machine. */
describe.each(['lists', 'differences'] as const)('a thousand, told as %s,', (joinLeave) => {
  class Room extends WebSocketServer {
    static override channels: ChannelRules = { room: { joinLeave } };
    override async onPreServer(): Promise<void> {
      await this.identify({ user: this.webSocketId });
      await this.subscribe('room');
    }
  }

  it('receive at most three frames each if they arrive at the same time', async () => {
    const clock = new ManualClock();
    const service = new TestService(Room, { clock });
    const coming: Promise<TestClient>[] = [];
    while (coming.length < CROWD) {
      const each = (CROWD * STEP_MILLISECONDS) / COMING_MILLISECONDS;
      for (let n = 0; n < each; n++) coming.push(service.connect());
      await clock.advance(STEP_MILLISECONDS);
    }
    await clock.advance(10_000);
    const clients = await Promise.all(coming);
    const heard = clients.map(({ messages }) => messages as { presence: { revision: number } }[]);
    const most = Math.max(...heard.map(({ length }) => length));
    const last = Math.max(...heard.map((frames) => frames.at(-1)?.presence.revision ?? 0));
    expect(most).toBeLessThanOrEqual(3);
    expect(heard.every((frames) => frames.at(-1)?.presence.revision === last)).toBe(true);
    expect(await service.service.channel('room').presence()).toHaveLength(CROWD);
  });
});
