import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { App } from '../../local/assembly/model';
import { readKeySets } from '../../local/endpoint/key-sets';
import { textFunctionLog } from '../../local/lambda/function-log';
import { type Runtime, startRuntime } from '../../local/runtime';
import { Issuer } from '../lib/identity/issuer';
import { synthesizedApp } from '../runtime/running-app';
import { CHROMIUM } from './chromium';

jest.setTimeout(120_000);

const issuer = new Issuer();

/** What the page's own script observes of a socket. */
interface Socket {
  protocol: string;
  frames: string[];
  closeCode?: number;
}

describe('the chat behind a JWT, in a browser', () => {
  const home = mkdtempSync(join(tmpdir(), 'jwt-page-'));
  const keys = join(home, 'jwks.json');
  /** Everything that the runtime and the functions log, with all payloads and results. */
  const logged: string[] = [];
  let app: App;
  let runtime: Runtime;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    writeFileSync(keys, issuer.keySet());
    app = await synthesizedApp('test/apps/chat-with-jwt');
    const note = (text: string) => void logged.push(text);
    const log = { info: note, warn: note, error: note };
    runtime = await startRuntime({
      ...{ app, port: 0, log, functionLog: textFunctionLog(log, { verbose: true }) },
      keySets: readKeySets([`${issuer.url}/.well-known/jwks.json=${keys}`]),
    });
    browser = await chromium.launch(CHROMIUM);
    page = await browser.newPage();
    // Any page of this machine.
    await page.goto(`${runtime.url}/`);
  });
  beforeEach(() => logged.splice(0));
  afterAll(async () => {
    await browser?.close();
    await runtime?.close();
    rmSync(home, { recursive: true });
  });

  /**
   * Offers these subprotocols, sends a line once the socket is open, and resolves to it, or when the socket has
   * closed.
   */
  const chat = (protocols: string[], line: string): Promise<Socket> =>
    page.evaluate(
      ([url, offered, message]) =>
        new Promise<Socket>((resolve) => {
          const frames: string[] = [];
          const socket = new WebSocket(url, offered);
          socket.onopen = () => socket.send(JSON.stringify({ Message: message }));
          socket.onmessage = ({ data }) => {
            frames.push(data);
            if (data.includes(message)) resolve({ protocol: socket.protocol, frames });
          };
          socket.onclose = ({ code }) => resolve({ protocol: socket.protocol, frames, closeCode: code });
        }),
      [runtime.webSocketUrl('chat'), protocols, Buffer.from(line).toString('base64')] as const,
    );

  /**
   * What must not appear anywhere: each part of the token, because one part alone would reveal its claims or allow a
   * forgery.
   */
  async function expectNothingOf(token: string): Promise<void> {
    const client = new DynamoDBClient({
      ...{ endpoint: runtime.url, region: app.region },
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    const items = await Promise.all(
      app.tables.map(
        async ({ tableName }) => (await client.send(new ScanCommand({ TableName: tableName }))).Items,
      ),
    );
    client.destroy();
    const text = `${logged.join('\n')}${JSON.stringify(items)}`;
    for (const part of token.split('.')) expect(text).not.toContain(part);
  }

  it('chats with a valid token, and gets the other subprotocol as the response', async () => {
    const token = issuer.token();
    const { protocol, frames, closeCode } = await chat(['bearer', token], 'hello from Chromium');
    expect({ protocol, closeCode }).toEqual({ protocol: 'bearer', closeCode: undefined });
    expect(frames.length).toBeGreaterThan(0);
    expect(logged.some((text) => text.includes('$connect'))).toBe(true);
    await expectNothingOf(token);
  });

  it.each<[string, () => string[], RegExp]>([
    ['an expired token', () => ['bearer', issuer.expiredToken()], /refused with 401: its token has expired/],
    [
      'another audience',
      () => ['bearer', issuer.token({ aud: 'shop' })],
      /401: its token is for another audience/,
    ],
    ["another issuer's key", () => ['bearer', new Issuer().token()], /401: the signature of its token/],
    ['no token', () => ['bearer'], /401: it sent no token/],
    ['no subprotocol', () => [], /401: it sent no token/],
  ])('is refused with %s, and the log says why', async (_, protocols, why) => {
    const offered = protocols();
    const socket = await chat(offered, 'let me in');
    expect(socket).toEqual({ protocol: '', frames: [], closeCode: 1006 });
    expect(logged.filter((text) => why.test(text))).toHaveLength(1);
    await expectNothingOf(offered[1] ?? 'no token at all');
  });
});
