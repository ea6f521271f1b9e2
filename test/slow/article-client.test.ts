import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type ConsoleMessage, chromium, type Page } from 'playwright-core';
import { PasswordHash } from '../../functions/notifications/password-hash';
import { ChatClient, type Frame } from '../runtime/chat-client';
import { type RunningApp, startApp } from '../runtime/running-app';
import { CHROMIUM } from './chromium';

jest.setTimeout(60_000);

const CLIENT = readFileSync(join(__dirname, '../fixtures/article-client.js'), 'utf8');
const ITS_URL = 'ws://localhost:52774/csp/user/User.WebSocketServer.cls';
const SAMPLE = join(__dirname, '../functions/ingest/hl7/messages/adt-a01.hl7');

/** The client logs only what it receives. */
const isFrame = (message: ConsoleMessage) => message.type() === 'log';
const frameIn = (message: ConsoleMessage): Frame => JSON.parse(message.text());

describe('the client of the article, with only the URL changed,', () => {
  let home: string;
  let browser: Browser;
  let app: RunningApp;
  let page: Page;

  beforeAll(async () => {
    browser = await chromium.launch(CHROMIUM);
  });
  afterAll(() => browser?.close());
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'article-'));
  });
  afterEach(async () => {
    await page?.close();
    await app?.stop();
    rmSync(home, { recursive: true });
  });

  /** Starts the app with these users, and opens a page with the client. */
  const openPage = async (passwords: Record<string, string>) => {
    const hashes = Object.entries(passwords).map(async ([user, password]) => [
      user,
      String(await PasswordHash.of(password)),
    ]);
    const users = join(home, 'users.json');
    writeFileSync(users, JSON.stringify(Object.fromEntries(await Promise.all(hashes))));
    const web = join(home, 'web');
    mkdirSync(web);
    app = await startApp({
      context: { credentials: users },
      webDirectory: web,
      incomingDirectory: join(home, 'incoming'),
    });
    const client = CLIENT.replace(ITS_URL, app.runtime.webSocketUrl('notifications'));
    writeFileSync(join(web, 'client.js'), client);
    writeFileSync(join(web, 'index.html'), '<!doctype html><script src="client.js"></script>');
    page = await browser.newPage();
    await page.goto(app.runtime.url);
  };
  /** Resolves to the next frame of the type that the client writes to the console. */
  const writes = async (type: string): Promise<Frame> => {
    const isMeant = (message: ConsoleMessage) => isFrame(message) && frameIn(message).Type === type;
    return frameIn(await page.waitForEvent('console', isMeant));
  };
  const dropFile = () => copyFileSync(SAMPLE, join(home, 'incoming/sample.hl7'));

  it('is notified of a file after its password was accepted', async () => {
    await openPage({ _SYSTEM: 'SYS' });
    const subscribed = writes('Subscriptions');
    await page.evaluate('socketConnect()');
    await subscribed;
    const notified = writes('Notification');
    dropFile();
    expect(await notified).toMatchObject({
      ...{ Topic: 'adt', Message: 'Something has change!', Source: 'sample.hl7' },
    });
  });

  it('is notified of nothing with a wrong password, and is closed at the deadline', async () => {
    await openPage({ _SYSTEM: 'changed', ada: 'right' });
    const frames: Frame[] = [];
    page.on('console', (message) => isFrame(message) && frames.push(frameIn(message)));
    const refused = writes('Error');
    await page.evaluate('socketConnect()');
    const closed = page.evaluate(
      'new Promise((resolve) => { socket.onclose = resolve; }).then(({ code }) => code)',
    );
    await refused;
    const ada = await ChatClient.connect(app.runtime.webSocketUrl('notifications'));
    ada.send({ User: 'ada', Password: 'right' });
    await ada.hears('Subscriptions');
    dropFile();
    await ada.hears('Notification');
    await ada.close();
    expect(await closed).toBe(1000);
    expect(frames).toMatchObject([
      { Type: 'Error', Message: expect.stringMatching(/User or password is wrong/) },
      { Type: 'Error', Message: expect.stringMatching(/did not sign in within/) },
    ]);
  });
});
