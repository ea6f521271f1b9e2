import { ChatClient, type Frame } from '../runtime/chat-client';
import { type RunningApp, startApp } from '../runtime/running-app';

jest.setTimeout(120_000);

const LINES = 3_000;
/** More than the maximum number of environments of one function. Each has its own rate limit. */
const MOST_ENVIRONMENTS = 8;
const BURST = 40;

describe('a client that floods the chat', () => {
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app?.stop());

  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const isLine = ({ Type }: Frame) => Type === 'Chat';

  it('gets few messages through, and another client’s line arrives before most of the flood would have', async () => {
    const url = app.runtime.webSocketUrl('chat');
    const [mallory, bob] = [await ChatClient.connect(url), await ChatClient.connect(url)];
    await Promise.all([mallory.id(), bob.id()]);
    for (let n = 0; n < LINES; n++) mallory.send({ Message: base64(`flood ${n}`) });
    const begun = performance.now();
    bob.send({ Message: base64('hello') });
    await bob.hears('Chat', ({ Message }) => Message === base64('hello'));
    const seconds = (performance.now() - begun) / 1_000;

    const before = bob.frames.filter(isLine).length - 1;
    process.stdout.write(
      `A line came after ${seconds.toFixed(1)} s and ${before} of ${LINES} lines of a flood\n`,
    );
    expect(before).toBeLessThanOrEqual(MOST_ENVIRONMENTS * BURST);
    await mallory.hears('Error', ({ Message }) => /messages a second/.test(String(Message)));
    await Promise.all([mallory.close(), bob.close()]);
  });
});
