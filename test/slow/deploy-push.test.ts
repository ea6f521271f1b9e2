import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { synthesizePushApps } from '../runtime/push-apps';
import { SocketClient } from '../runtime/socket-client';
import { assemblyDirectory, deployAssembly } from './deployment';
import { Ministack } from './ministack';

jest.setTimeout(180_000);

describe('the apps that push, deployed', () => {
  let ministack: Ministack;
  let outputs: Awaited<ReturnType<typeof deployAssembly>>;

  beforeAll(async () => {
    ministack = await Ministack.start();
    synthesizePushApps(assemblyDirectory(ministack));
    outputs = await deployAssembly(ministack);
  });
  afterAll(() => ministack?.stop());

  it.each(['PushFromQueue', 'PushFromTopic', 'PushFromEvent', 'PushFromStream'])(
    "take a client's message to every client: %s",
    async (stack) => {
      const { host, pathname } = new URL(outputs[stack]?.Url ?? '');
      const url = `ws://127.0.0.1:${ministack.port}${pathname}`;
      const connect = () => SocketClient.connect(url, [], { headers: { Host: host } });
      const [ada, grace] = (await Promise.all([connect(), connect()])) as [SocketClient, SocketClient];
      ada.send('hello');
      const heard = async (client: SocketClient) => {
        // The schedule of one of them runs at the start of each minute.
        for (;;) {
          const text = await client.hears();
          if (text !== 'every minute') return text;
        }
      };
      expect(await Promise.all([ada, grace].map(heard))).toEqual(['hello', 'hello']);
      await Promise.all([ada, grace].map((client) => client.close()));
    },
  );

  it('push every request to an HTTP API', async () => {
    const { Url = '', HttpUrl = '' } = outputs.PushFromHttp ?? {};
    const { host, pathname } = new URL(Url);
    const client = await SocketClient.connect(`ws://127.0.0.1:${ministack.port}${pathname}`, [], {
      headers: { Host: host },
    });
    const { host: httpHost } = new URL(HttpUrl);
    const headers = { Host: httpHost, 'content-type': 'text/plain' };
    const posting = request({
      port: ministack.port,
      host: '127.0.0.1',
      path: '/said',
      method: 'POST',
      headers,
    });
    posting.end('from a page');
    const [response] = (await once(posting, 'response')) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(202);
    expect(await client.hears()).toBe('from a page');
    await client.close();
  });
});
