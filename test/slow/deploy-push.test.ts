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
        // The schedule of one of them runs whenever a minute begins.
        for (;;) {
          const text = await client.hears();
          if (text !== 'every minute') return text;
        }
      };
      expect(await Promise.all([ada, grace].map(heard))).toEqual(['hello', 'hello']);
      await Promise.all([ada, grace].map((client) => client.close()));
    },
  );
});
