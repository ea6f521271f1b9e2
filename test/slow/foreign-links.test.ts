import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { silentFunctionLog } from '../../local/lambda/function-log';
import { silentLog } from '../../local/log';
import { type Runtime, startRuntime } from '../../local/runtime';
import { synthesizedApp } from '../runtime/running-app';
import { agree, CHROMIUM, noteComplaints } from './chromium';
import { OddServer } from './odd-server';

jest.setTimeout(120_000);

const ROOT = join(__dirname, '../..');
const AXE = require.resolve('axe-core/axe.min.js');
/** The user's earlier settings for the page's own server. */
const SETTINGS = { topics: '["adt","oru"]', alias: 'Ada' };

describe.each(['', 'notifications.html'])('a link to another server, of the page /%s', (path) => {
  let runtime: Runtime;
  let browser: Browser;
  let context: BrowserContext;
  let evil: OddServer;
  let complaints: string[];

  beforeAll(async () => {
    const app = await synthesizedApp();
    runtime = await startRuntime({
      ...{ app, port: 0, webDirectory: join(ROOT, 'web') },
      ...{ log: silentLog, functionLog: silentFunctionLog },
    });
    browser = await chromium.launch(CHROMIUM);
  });
  afterAll(async () => {
    await browser.close();
    await runtime.close();
  });
  beforeEach(async () => {
    complaints = [];
    evil = await OddServer.start((socket) => {
      socket.send('{"Type":"userlist","Users":[],"Revision":0}');
      socket.send('{"Type":"History","Messages":[]}');
      socket.send('{"Type":"Subscriptions","Topics":["*"]}');
    });
    context = await browser.newContext({ bypassCSP: true });
    const page = await context.newPage();
    await page.goto(`${runtime.url}/icon.svg`);
    await page.evaluate(`Object.assign(localStorage, ${JSON.stringify(SETTINGS)})`);
    await page.close();
  });
  afterEach(async () => {
    await context.close();
    evil.stop();
  });

  const open = async (url: string, hash = ''): Promise<Page> => {
    const page = await context.newPage();
    noteComplaints(page, complaints);
    await page.goto(`${runtime.url}/${path}?url=${encodeURIComponent(url)}${hash}`);
    return page;
  };
  const connected = (page: Page) => page.waitForSelector('[data-state="connected"]');
  const kept = (page: Page) => page.evaluate('({ ...localStorage })');

  it('asks first, names the server, and stays with its own if the user declines', async () => {
    const page = await open(evil.url.replace('ws://', 'ws://localhost@'));
    await page.waitForSelector('#foreign[open]');
    expect(await page.textContent('#foreign-server')).toBe(new URL(evil.url).origin.replace('http', 'ws'));
    expect(await page.evaluate('document.activeElement.value')).toBe('stay');
    await page.addScriptTag({ path: AXE });
    expect(
      await page.evaluate("axe.run('#foreign').then(({ violations }) => violations.map(({ id }) => id))"),
    ).toEqual([]);
    if (process.env.SCREENSHOTS) {
      await page.screenshot({ path: `${process.env.SCREENSHOTS}/foreign${path}.png` });
    }
    await page.keyboard.press('Enter');
    await connected(page);
    expect(evil.connections).toEqual([]);
    expect(page.url()).toBe(`${runtime.url}/${path}`);
    expect(await kept(page)).toEqual(SETTINGS);
    expect(complaints).toEqual([]);
  });

  it('stays with its own if the user presses Escape', async () => {
    const page = await open(evil.url);
    await page.waitForSelector('#foreign[open]');
    await page.keyboard.press('Escape');
    await connected(page);
    expect(evil.connections).toEqual([]);
  });

  it('sends the other server none of the settings, and stores nothing that is chosen there', async () => {
    const page = await open(evil.url);
    await agree(page);
    await connected(page);
    if (path === '') {
      await page.fill('#line', 'alias Mallory');
      await page.press('#line', 'Enter');
      while (!evil.received.some((text) => text.includes('Mallory'))) await page.waitForTimeout(20);
    } else {
      await page.check('#topics input[value="orm"]');
      while (!evil.received.some((text) => text.includes('orm'))) await page.waitForTimeout(20);
    }
    expect([...evil.connections, ...evil.received].join()).not.toMatch(/Ada|adt|oru/);
    expect(await kept(page)).toEqual(SETTINGS);
    await page.close();
    const again = await open(evil.url);
    await again.waitForSelector('#foreign[open]');
    expect(evil.connections).toHaveLength(1);
    expect(complaints).toEqual([]);
  });

  it.each(['javascript:alert(1)', 'https://example.com/', 'ws://', 'chat', ''])(
    'connects to its own where the link names %j, which is no WebSocket server',
    async (url) => {
      const page = await open(url, '#fragment');
      await connected(page);
      expect(await kept(page)).toEqual(SETTINGS);
      expect(complaints).toEqual([]);
    },
  );

  it.each(['{', 'null', '5', '{"a":1}', '[5,null,{"toString":1},"a b"]'])(
    'works with settings that hold %s',
    async (text) => {
      const page = await context.newPage();
      noteComplaints(page, complaints);
      await page.goto(`${runtime.url}/icon.svg`);
      await page.evaluate(`Object.assign(localStorage, { topics: ${JSON.stringify(text)} })`);
      await page.goto(`${runtime.url}/${path}`);
      await connected(page);
      expect(complaints).toEqual([]);
    },
  );
});
