import { WebSocketServer } from '../../../lib';
import { lambdaContext, messageEvent, TestService } from '../../../lib/testing';

class Board extends WebSocketServer {
  static override readonly channels = { 'log/*': { log: { size: 10, seconds: 60 } } };
  override async onClientMessage(text: string) {
    for (const deed of text.split(' ')) {
      const channel = deed.slice(1);
      if (deed.startsWith('+')) await this.subscribe(channel);
      else await this.unsubscribe(channel);
    }
  }
}

/** Handles a client's frames in the given order, whatever the times at which API Gateway received them. */
async function channelsAfter(...frames: [string, number][]): Promise<string[]> {
  const test = new TestService(Board);
  const { webSocketId } = await test.connect();
  for (const [text, milliseconds] of frames) {
    const time = test.clock.now() + milliseconds;
    await test.handlers.message(messageEvent(text, { webSocketId, time }), lambdaContext());
  }
  await test.runQueued();
  return test.service.channels.channelsOf(webSocketId);
}

describe.each(['news', 'log/1'])(
  'a client that subscribes to and unsubscribes from %s at almost the same time',
  (channel) => {
    const [on, off] = [`+${channel}`, `-${channel}`];

    it('is subscribed if it subscribed last, even if that was handled first', async () => {
      expect(await channelsAfter([on, 0], [on, 20], [off, 10])).toEqual([channel]);
    });

    it('is not subscribed if it unsubscribed last, even if that was handled first', async () => {
      expect(await channelsAfter([off, 20], [on, 10])).toEqual([]);
    });

    it('follows the later of two frames from the same millisecond', async () => {
      expect(await channelsAfter([on, 0], [off, 0])).toEqual([]);
      expect(await channelsAfter([off, 0], [on, 0])).toEqual([channel]);
    });

    it('follows the last of several commands in one frame', async () => {
      expect(await channelsAfter([`${on} ${off}`, 0])).toEqual([]);
      expect(await channelsAfter([`${off} ${on}`, 0])).toEqual([channel]);
    });

    it('is not subscribed if it left, joined and left again, even if the join was handled last', async () => {
      const [first, second, third] = [
        [on, 0],
        [off, 1],
        [on, 2],
      ] as [string, number][];
      expect(
        await channelsAfter(
          first as [string, number],
          second as [string, number],
          [off, 3],
          third as [string, number],
        ),
      ).toEqual([]);
    });

    it('can join again after it left', async () => {
      expect(await channelsAfter([on, 0], [off, 1], [on, 2])).toEqual([channel]);
    });
  },
);
