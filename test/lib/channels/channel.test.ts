import { InvalidValueError, WebSocketServer } from '../../../lib';
import { TestService } from '../../../lib/testing';

class Board extends WebSocketServer {}

describe('Channel', () => {
  it('reaches connections that it has subscribed, and no longer those that it has unsubscribed', async () => {
    const test = new TestService(Board);
    const channel = test.service.channel('news');
    const [ada, bob] = [await test.connect(), await test.connect()];
    expect(await channel.subscribe(ada.webSocketId)).toBe(true);
    expect(await channel.subscribe(bob.webSocketId)).toBe(true);
    expect(await channel.publish('one')).toMatchObject({ report: { sent: 2 } });
    expect(await channel.unsubscribe(bob.webSocketId)).toBe(true);
    await channel.publish({ two: 2 }, { except: [] });
    expect([ada.received, bob.received]).toEqual([['one', '{"two":2}'], ['one']]);
  });

  it.each([
    ['nothing', undefined],
    ['a function', () => {}],
    ['a large integer', 1n],
  ])('does not publish %s, which JSON cannot represent', async (_what, data) => {
    const channel = new TestService(Board).service.channel('news');
    await expect(channel.publish(data)).rejects.toThrow(InvalidValueError);
  });

  it('refuses an invalid name', () => {
    expect(() => new TestService(Board).service.channel('a b')).toThrow(InvalidValueError);
  });
});
