import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { WebSocketServer } from 'ws';
import { PasswordHash } from '../../functions/notifications/password-hash';
import type { App } from '../../local/assembly/model';
import { silentFunctionLog } from '../../local/lambda/function-log';
import { silentLog } from '../../local/log';
import { type Runtime, startRuntime } from '../../local/runtime';
import { batch } from '../functions/ingest/incoming';
import { synthesizedApp } from '../runtime/running-app';
import { agree, CHROMIUM, noteComplaints } from './chromium';

jest.setTimeout(120_000);

const ROOT = join(__dirname, '../..');
const AXE = require.resolve('axe-core/axe.min.js');
const SAMPLE = join(ROOT, 'test/functions/ingest/hl7/messages/adt-a01.hl7');

describe('the notifications page', () => {
  const home = mkdtempSync(join(tmpdir(), 'notifications-page-'));
  const incoming = join(home, 'incoming');
  let app: App;
  let runtime: Runtime;
  let browser: Browser;
  /** Errors and warnings of the pages. */
  let complaints: string[];

  const start = (port: number, app: App) => {
    const bucket = app.buckets.find(({ notifications }) => notifications.length > 0);
    return startRuntime({
      ...{ app, port, webDirectory: join(ROOT, 'web'), log: silentLog, functionLog: silentFunctionLog },
      bucketDirectories: { [bucket?.bucketName ?? '']: incoming },
    });
  };

  beforeAll(async () => {
    app = await synthesizedApp();
    browser = await chromium.launch(CHROMIUM);
  });
  afterAll(async () => {
    await browser.close();
    rmSync(home, { recursive: true, force: true });
  });
  beforeEach(async () => {
    complaints = [];
    runtime = await start(0, app);
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    await runtime.close();
    rmSync(incoming, { recursive: true, force: true });
  });

  const open = async (options: BrowserContextOptions = {}): Promise<Page> => {
    const page = await (await browser.newContext(options)).newPage();
    noteComplaints(page, complaints);
    await page.addInitScript(
      'globalThis.sockets = []; globalThis.WebSocket = class extends WebSocket { constructor(...of) { super(...of); sockets.push(this); } };',
    );
    await page.goto(`${runtime.url}/notifications.html`);
    await subscribed(page, ['*']);
    return page;
  };
  /** Waits until these topics are ticked, as the server has confirmed. */
  const subscribed = async (page: Page, topics: string[]) => {
    await page.waitForSelector('[data-state="connected"]');
    const ticked = page.locator('#topics input:checked');
    const values = () => ticked.evaluateAll((all) => all.map((box) => box.getAttribute('value')));
    while ((await values()).sort().join() !== topics.join()) await page.waitForTimeout(20);
  };
  const heard = (page: Page, text: string) =>
    page.locator('.notification', { hasText: text }).first().waitFor();
  const count = (page: Page) => page.locator('.notification').count();

  it('shows two users the file that is copied into the folder', async () => {
    const pages = [await open(), await open()];
    copyFileSync(SAMPLE, join(incoming, 'sample.hl7'));
    for (const page of pages) {
      await heard(page, 'sample.hl7');
      expect(await page.locator('.notification .topic').textContent()).toBe('adt');
      expect(await page.locator('.notification .title').textContent()).toBe('A01 · ADT00001');
    }
    expect(complaints).toEqual([]);
  });

  it('puts a sample into the bucket, and is notified of it', async () => {
    const page = await open();
    await page.selectOption('#sample', 'batch');
    await page.click('#drop-button:enabled');
    for (const topic of ['adt', 'oru', 'orm']) await page.locator(`[data-topic="${topic}"]`).waitFor();
    expect(await page.textContent('#received')).toBe('3 received');
    // The text is the same for each, so it appears once.
    expect(await page.locator('.details', { hasText: 'Something has change!' }).count()).toBe(1);
    expect(complaints).toEqual([]);
  });

  it('receives only the chosen topics, even after it has reconnected', async () => {
    const page = await open();
    await page.uncheck('#topics input[value="*"]');
    await page.check('#topics input[value="oru"]');
    await page.fill('#topic', 'VXU');
    await page.press('#topic', 'Enter');
    await subscribed(page, ['oru', 'vxu']);
    const { port } = runtime;
    await runtime.close();
    await page.waitForSelector('[data-state="waiting"]');
    runtime = await start(port, app);
    await subscribed(page, ['oru', 'vxu']);
    writeFileSync(join(incoming, 'unheard.hl7'), batch(1));
    await page.selectOption('#sample', 'adt');
    await page.click('#drop-button');
    await page.selectOption('#sample', 'oru');
    await page.click('#drop-button');
    await heard(page, 'sample-oru');
    expect(await count(page)).toBe(1);
  });

  it('shows what arrived while it was away, each once, and broken messages', async () => {
    const [ada, bob] = [await open(), await open()];
    writeFileSync(join(incoming, 'before.hl7'), batch(1));
    await heard(ada, 'before.hl7');
    // Open connections stay open in a browser that goes offline.
    await ada.context().setOffline(true);
    await ada.evaluate('sockets.at(-1).close(4000)');
    await ada.waitForSelector('[data-state="waiting"]');
    writeFileSync(join(incoming, 'meanwhile.hl7'), batch(2, [1]));
    await heard(bob, 'is broken (ControlId)');
    expect(await count(ada)).toBe(1);
    await ada.context().setOffline(false);
    await heard(ada, 'is broken (ControlId)');
    expect(await count(ada)).toBe(3);
    expect(await ada.locator('.repeated').count()).toBe(0);
  });

  it('ends with the topics that were chosen last, however fast they were chosen', async () => {
    const page = await open();
    let said: string[] = [];
    page.on('websocket', (socket) =>
      socket.on('framereceived', ({ payload }) => {
        const frame = JSON.parse(String(payload));
        if (frame.Type === 'Subscriptions') said = frame.Topics;
      }),
    );
    await page.reload();
    await subscribed(page, ['*']);
    // Interleaved with the responses to earlier changes.
    await page.locator('#topics input').evaluateAll(async (boxes) => {
      for (let round = 0; round < 5; round += 1) {
        for (const box of boxes) {
          box.click();
          await new Promise((resolve) => setTimeout(resolve, 3));
        }
      }
    });
    await subscribed(page, ['adt', 'broken', 'file', 'mdm', 'orm', 'oru', 'siu']);
    while (said.join() !== 'adt,broken,file,mdm,orm,oru,siu') await page.waitForTimeout(20);
    await subscribed(page, said);
    expect(complaints).toEqual([]);
  });

  it('explains what is wrong with a topic', async () => {
    const page = await open();
    await page.fill('#topic', 'a/b');
    await page.press('#topic', 'Enter');
    expect(await page.textContent('#topic-problem')).toMatch(/1 to 32 of the characters/);
  });

  it('shows names as text, and only the last 200, the newest first', async () => {
    const page = await open();
    writeFileSync(join(incoming, '<img src=x onerror=alert(1)>.hl7'), batch(250));
    await page.locator('.notification', { hasText: 'C249' }).waitFor();
    expect(await count(page)).toBe(200);
    expect(await page.locator('.notification .title').first().textContent()).toMatch(/C249$/);
    expect(await page.locator('.notification .details').first().textContent()).toMatch(/^<img/);
    expect(await page.locator('.notification img').count()).toBe(0);
    expect(await page.textContent('#received')).toBe('250 received, the last 200 shown');
    expect(complaints).toEqual([]);
  });

  it.each([
    ['light', 360],
    ['light', 1120],
    ['dark', 360],
    ['dark', 1120],
  ] as const)('has nothing that axe finds wrong, %s at %d pixels', async (colorScheme, width) => {
    const page = await open({
      colorScheme,
      viewport: { width, height: 720 },
      bypassCSP: true,
      reducedMotion: 'reduce',
    });
    await page.selectOption('#sample', 'batch');
    await page.click('#drop-button:enabled');
    await page.locator('.notification').nth(2).waitFor();
    await page.addScriptTag({ path: AXE });
    const violations = await page.evaluate(
      "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes[0].html))",
    );
    expect(violations).toEqual([]);
    const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
    expect(await page.evaluate(overflow)).toBe(0);
  });

  describe('with a server that requires a sign-in', () => {
    let guardedApp: App;

    beforeAll(async () => {
      const credentials = join(home, 'users.json');
      writeFileSync(credentials, JSON.stringify({ ada: String(await PasswordHash.of('Lovelace')) }));
      guardedApp = await synthesizedApp(undefined, { credentials });
    });
    beforeEach(async () => {
      await runtime.close();
      runtime = await start(0, guardedApp);
    });

    const openForm = async (query = ''): Promise<Page> => {
      const context = await browser.newContext({ viewport: { width: 360, height: 720 } });
      const page = await context.newPage();
      noteComplaints(page, complaints);
      await page.goto(`${runtime.url}/notifications.html${query}`);
      if (query.includes('url=')) await agree(page);
      await page.waitForSelector('#sign-in:not([hidden])');
      return page;
    };
    const signIn = async (page: Page, password: string) => {
      await page.fill('#user', 'ada');
      await page.fill('#password', password);
      await page.click('#sign-in button');
    };
    const autofill = (page: Page) =>
      page
        .locator('#sign-in, #sign-in input')
        .evaluateAll((all) => all.map((each) => each.getAttribute('autocomplete')));

    it('asks for user and password, and lets the browser fill them in', async () => {
      const page = await openForm();
      expect(await page.textContent('#sign-in-title')).toBe('Sign in');
      expect(await autofill(page)).toEqual(['on', 'username', 'current-password']);
      await signIn(page, 'Lovelace');
      await subscribed(page, ['*']);
      await page.waitForSelector('#sign-in', { state: 'hidden' });
      expect(await page.inputValue('#password')).toBe('');
      expect(complaints).toEqual([]);
    });

    it('names a server that is not its own, and prevents the browser from filling anything in', async () => {
      const silent = new WebSocketServer({ host: '127.0.0.1', port: 0 });
      await once(silent, 'listening');
      try {
        const { port } = silent.address() as AddressInfo;
        const page = await openForm(`?url=ws://localhost@127.0.0.1:${port}/notifications`);
        expect(await page.textContent('#sign-in-title')).toBe(`Sign in to ws://127.0.0.1:${port}`);
        expect(await autofill(page)).toEqual(['off', 'off', 'new-password']);
      } finally {
        for (const client of silent.clients) client.terminate();
        silent.close();
      }
    });

    it('shows next to the form that the password is wrong', async () => {
      const page = await openForm();
      await signIn(page, 'Byron');
      const problem = page.locator('#sign-in [role="alert"]', { hasText: 'User or password is wrong' });
      await problem.waitFor({ state: 'visible' });
      await signIn(page, 'Lovelace');
      await page.waitForSelector('#sign-in', { state: 'hidden' });
    });

    it('keeps the input when the server closes, and sends it over a new connection', async () => {
      const page = await openForm();
      await page.fill('#user', 'ada');
      await page.fill('#password', 'Lovelace');
      await page.waitForSelector('[data-state="disconnected"]');
      expect(await page.inputValue('#password')).toBe('Lovelace');
      await page.click('#sign-in button');
      await page.waitForSelector('#sign-in', { state: 'hidden' });
      writeFileSync(join(incoming, 'heard.hl7'), batch(1));
      await heard(page, 'heard.hl7');
      expect(complaints).toEqual([]);
    });
  });
});
