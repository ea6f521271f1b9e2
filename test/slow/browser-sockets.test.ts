import { randomBytes } from 'node:crypto';
import { type Browser, chromium, type Page } from 'playwright-core';
import { MessageTooLargeError, SharedConnection } from '../../lib';
import { type RunningApp, startApp } from '../runtime/running-app';
import { CHROMIUM } from './chromium';

jest.setTimeout(60_000);

const KIBIBYTE = 1024;

/** What the page's own script observes of a socket. */
interface Socket {
  protocol: string;
  frames: string[];
}

describe('sockets of a browser', () => {
  let app: RunningApp;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    app = await startApp({ app: 'test/runtime/sockets-app' });
    Object.assign(process.env, app.exported);
    browser = await chromium.launch(CHROMIUM);
    page = await browser.newPage();
    // Any page of this machine.
    await page.goto(`${app.runtime.url}/`);
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
  });

  /** Opens a socket in the page, and resolves when it is open and has received this many frames. */
  const connect = (service: string, protocols: string[], frames: number): Promise<Socket> =>
    page.evaluate(
      ([url, offered, count]) =>
        new Promise<Socket>((resolve, reject) => {
          const socket = new WebSocket(url, offered);
          const heard: string[] = [];
          Object.assign(globalThis, { socket, heard });
          const look = () => {
            if (heard.length >= count) resolve({ protocol: socket.protocol, frames: heard });
          };
          socket.onopen = look;
          socket.onmessage = ({ data }) => {
            heard.push(data);
            look();
          };
          socket.onerror = () => reject(new Error('The browser could not connect.'));
        }),
      [app.runtime.webSocketUrl(service), protocols, frames] as const,
    );

  it('open with the subprotocol that the server has chosen from the offered ones', async () => {
    expect(await connect('sessions', ['chat', 'superchat'], 0)).toMatchObject({ protocol: 'chat' });
  });

  it('do not open if the server chooses none, as browsers require', async () => {
    await expect(connect('inbox', ['chat'], 0)).rejects.toThrow('The browser could not connect.');
  });

  it('transfer 64 KiB of bytes to the browser, and 20 KiB back', async () => {
    const { frames } = await connect('inbox', [], 1);
    const socket = await SharedConnection.open(frames[0] as string);
    const sent = randomBytes(64 * KIBIBYTE);
    await socket.write(sent);
    const received = await page.evaluate(async () => {
      const { heard } = globalThis as unknown as { heard: string[] };
      while (heard.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
      const response = await fetch(heard[1] as string);
      return [...new Uint8Array(await response.arrayBuffer())];
    });
    expect(Buffer.from(received).equals(sent)).toBe(true);

    const back = randomBytes(20 * KIBIBYTE);
    await page.evaluate((base64) => {
      const { socket } = globalThis as unknown as { socket: WebSocket };
      socket.send(`data:application/octet-stream;base64,${base64}`);
    }, back.toString('base64'));
    expect((await socket.readBytes({ timeoutSeconds: 10 })).equals(back)).toBe(true);
  });

  it('refuse 100 KiB of bytes, which are too many once encoded', async () => {
    const { frames } = await connect('inbox', [], 1);
    const socket = await SharedConnection.open(frames[0] as string);
    const writing = socket.write(randomBytes(100 * KIBIBYTE));
    await expect(writing).rejects.toThrow(MessageTooLargeError);
    await expect(writing).rejects.toThrow('The message has 102400 bytes (136573 after encoding), but');
  });
});
