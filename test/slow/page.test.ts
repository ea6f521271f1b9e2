import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { App } from '../../local/assembly/model';
import { Faults } from '../../local/faults/faults';
import { silentFunctionLog } from '../../local/lambda/function-log';
import { silentLog } from '../../local/log';
import { type Runtime, startRuntime } from '../../local/runtime';
import { ChatClient } from '../runtime/chat-client';
import { synthesizedApp } from '../runtime/running-app';
import { agree, CHROMIUM, noteComplaints } from './chromium';
import { TalkativeServer } from './talkative-server';

jest.setTimeout(120_000);

const ROOT = join(__dirname, '../..');
const AXE = require.resolve('axe-core/axe.min.js');

describe('the chat page', () => {
  let app: App;
  let runtime: Runtime;
  let browser: Browser;
  /** Errors and warnings of the pages. */
  let complaints: string[];
  let faults: Faults;

  const start = (port: number) =>
    startRuntime({
      ...{ app, port, webDirectory: join(ROOT, 'web') },
      ...{ log: silentLog, functionLog: silentFunctionLog, faults },
    });

  beforeAll(async () => {
    app = await synthesizedApp();
    browser = await chromium.launch(CHROMIUM);
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    complaints = [];
    faults = new Faults();
    runtime = await start(0);
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    await runtime.close();
  });

  const open = async (options: BrowserContextOptions = {}): Promise<Page> => {
    const page = await (await browser.newContext(options)).newPage();
    noteComplaints(page, complaints);
    await page.goto(`${runtime.url}/`);
    await connected(page);
    return page;
  };
  const connected = (page: Page) => page.waitForSelector('[data-state="connected"]');
  const type = async (page: Page, text: string) => {
    await page.fill('#line', text);
    await page.press('#line', 'Enter');
  };
  const texts = (page: Page) => page.locator('.message .text').allTextContents();
  /** Waits until an expression is true in the page. It is text, because these types have no document. */
  const holds = async (page: Page, condition: string) => {
    while (!(await page.evaluate(condition))) await page.waitForTimeout(20);
  };
  const hasUsers = async (page: Page, names: string[]) => {
    const users = page.locator('#users li > span:nth-child(2)');
    while ((await users.allTextContents()).join() !== names.join()) await page.waitForTimeout(20);
  };
  const hasText = (page: Page, text: string) =>
    page.locator('.message .text', { hasText: text }).first().waitFor();

  it('lets two users talk, rename themselves and leave', async () => {
    const [ada, bob] = [await open(), await open()];
    await type(ada, 'alias Ada');
    await bob.fill('#alias', 'Bob');
    await bob.press('#alias', 'Enter');
    for (const page of [ada, bob]) await hasUsers(page, ['Ada', 'Bob']);
    await type(ada, 'Hello, Bob');
    await hasText(bob, 'Hello, Bob');
    expect(await bob.locator('.message .author').allTextContents()).toEqual(['Ada']);
    await ada.locator('.message.own').waitFor();
    expect(await bob.locator('.message.own').count()).toBe(0);
    await type(bob, 'alias Robert');
    for (const page of [ada, bob]) await hasUsers(page, ['Ada', 'Robert']);
    expect(await ada.textContent('#people-count')).toBe('2');
    await bob.close();
    await hasUsers(ada, ['Ada']);
    expect(await ada.textContent('#status-text')).toBe('Connected');
    await ada.click('#identity summary');
    expect(await ada.textContent('#websocket-id')).toMatch(/^[\w-]+=$/);
    expect(complaints).toEqual([]);
  });

  it('shows who is online next to the conversation, even if the window was narrow before', async () => {
    const ada = await open({ viewport: { width: 360, height: 720 } });
    expect(await ada.isVisible('#nobody')).toBe(false);
    await ada.setViewportSize({ width: 1280, height: 720 });
    await ada.waitForSelector('#nobody');
    await type(ada, 'alias Ada');
    await ada.waitForSelector('#users li');
    expect(await ada.isVisible('#nobody')).toBe(false);
  });

  it('lists a user with two windows once', async () => {
    const [first, second] = [await open(), await open()];
    for (const page of [first, second]) await type(page, 'alias Ada');
    for (const page of [first, second]) {
      await page.locator('#users li', { hasText: '(you, 2 connections)' }).waitFor();
      await hasUsers(page, ['Ada']);
      expect(await page.textContent('#people-count')).toBe('1');
    }
  });

  it('shows name and time once above consecutive lines of one author, and again after another author', async () => {
    const [ada, bob] = [await open(), await open()];
    await type(ada, 'alias Ada');
    await hasUsers(bob, ['Ada']);
    const say = async (page: Page, text: string) => {
      await type(page, text);
      for (const each of [ada, bob]) await hasText(each, text);
      await holds(page, "document.querySelectorAll('.message.unsent').length === 0");
    };
    await say(ada, 'one');
    await say(ada, 'two');
    await say(bob, 'three');
    await say(ada, 'four');
    for (const page of [ada, bob]) {
      const isContinued = (all: { classList: { contains(name: string): boolean } }[]) =>
        all.map((each) => each.classList.contains('continued'));
      expect(await page.locator('.message').evaluateAll(isContinued)).toEqual([false, true, false, false]);
    }
  });

  it('keeps a bubble within two thirds of the conversation, and the page in place when Reconnect appears', async () => {
    const ada = await open({ viewport: { width: 1280, height: 720 } });
    await type(ada, 'long '.repeat(200));
    await hasText(ada, 'long');
    const width = async (selector: string) => (await ada.locator(selector).boundingBox())?.width ?? 0;
    expect(await width('.message .text')).toBeLessThanOrEqual((await width('#scroller')) * (2 / 3));
    const placesOf = async () =>
      Promise.all(['#alias-form', 'main', 'nav'].map((selector) => ada.locator(selector).boundingBox()));
    const before = await placesOf();
    await runtime.close();
    await ada.locator('#reconnect').waitFor({ state: 'visible' });
    expect(await placesOf()).toEqual(before);
    runtime = await start(0);
  });

  it('opens with the earlier lines', async () => {
    const ada = await open();
    await type(ada, 'Before you came');
    await hasText(ada, 'Before you came');
    await hasText(await open(), 'Before you came');
  });

  it('shows text as text, whatever it contains', async () => {
    const [ada, bob] = [await open(), await open()];
    const name = '<img src=x onerror=alert(1)> "Ada" & שלום 👩‍👩‍👧';
    const text = `<script>alert(2)</script> 'quotes' "too" &amp; \u202Ereversed\u202C 🎉 javascript:alert(3)`;
    await type(ada, `alias ${name}`);
    for (const page of [ada, bob]) await hasUsers(page, [name]);
    await type(ada, text);
    await hasText(bob, 'reversed');
    expect(await texts(bob)).toEqual([text]);
    expect(await bob.locator('.message .author').allTextContents()).toEqual([name]);
    expect(await bob.locator('.message img, .message script, .message a').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('turns web addresses into links, safely', async () => {
    const ada = await open();
    await type(ada, 'See https://example.org/a?b=1&c=<d>, or ftp://example.org.');
    const link = ada.locator('.message a');
    await link.waitFor();
    expect(
      await link.evaluateAll((all) => all.map((a) => [a.getAttribute('href'), a.getAttribute('rel')])),
    ).toEqual([['https://example.org/a?b=1&c=', 'noopener noreferrer']]);
  });

  it('decodes an old client’s Latin-1', async () => {
    const ada = await open();
    const old = await ChatClient.connect(runtime.webSocketUrl('chat'));
    old.send({ Message: Buffer.from('Grüße aus Köln', 'latin1').toString('base64'), Author: 'unknown' });
    await hasText(ada, 'Grüße aus Köln');
    await old.close();
  });

  it('reconnects when the server is back, under its name, and sends once what was typed in the meantime', async () => {
    const [ada, bob] = [await open(), await open()];
    await type(ada, 'alias Ada');
    await hasUsers(bob, ['Ada']);
    const { port } = runtime;
    await runtime.close();
    for (const page of [ada, bob]) {
      await holds(page, "/Reconnecting in \\d+ s/.test(document.querySelector('#status-text').textContent)");
    }
    await type(ada, 'Typed while offline');
    await ada.locator('.message.unsent').waitFor();
    expect(await ada.textContent('.message.unsent .mark')).toBe('not sent yet');
    runtime = await start(port);
    for (const page of [ada, bob]) await connected(page);
    await hasText(bob, 'Typed while offline');
    await hasUsers(bob, ['Ada']);
    expect(await bob.locator('.message .author').allTextContents()).toEqual(['Ada']);
    await holds(ada, "document.querySelectorAll('.message.unsent').length === 0");
    expect(await texts(ada)).toEqual(['Typed while offline']);
    expect(complaints).toEqual([]);
  });

  it('reconnects when it may have missed a line, and shows each line once and in order', async () => {
    const [ada, bob] = [await open(), await open()];
    await type(ada, 'alias Ada');
    await hasUsers(bob, ['Ada']);
    await type(ada, 'one');
    for (const page of [ada, bob]) await hasText(page, 'one');
    // Both miss the line, and are disconnected.
    faults.switchOn('post-fails', 1);
    await type(ada, 'two');
    await Promise.all([ada, bob].map((page) => page.waitForSelector('[data-state="waiting"]')));
    faults.switchOff('post-fails');
    for (const page of [ada, bob]) await hasText(page, 'two');
    await type(bob, 'three');
    for (const page of [ada, bob]) {
      await hasText(page, 'three');
      await holds(page, "document.querySelectorAll('.message.unsent').length === 0");
      expect(await texts(page)).toEqual(['one', 'two', 'three']);
    }
    await hasUsers(bob, ['Ada']);
  });

  it('requests a late history again instead of sending a line twice', async () => {
    const ada = await open();
    const frames: string[] = [];
    const requests = () => frames.filter((frame) => frame.includes('"After"')).length;
    ada.on('websocket', (socket) => socket.on('framesent', ({ payload }) => frames.push(String(payload))));
    await type(ada, 'one');
    const bob = await open();
    for (const page of [ada, bob]) await hasText(page, 'one');
    faults.switchOn('post-fails', 1);
    await type(ada, 'two');
    while (requests() < 2) await ada.waitForTimeout(20);
    faults.switchOff('post-fails');
    await holds(ada, "document.querySelectorAll('.message.unsent').length === 0");
    await type(ada, 'three');
    for (const page of [ada, bob]) {
      await hasText(page, 'three');
      expect(await texts(page)).toEqual(['one', 'two', 'three']);
    }
  });

  it('keeps its name for the next time', async () => {
    const ada = await open();
    await type(ada, 'alias Ada');
    await hasUsers(ada, ['Ada']);
    await ada.reload();
    await connected(ada);
    await hasUsers(ada, ['Ada']);
    expect(await ada.inputValue('#alias')).toBe('Ada');
  });

  it('explains what cannot be sent, and keeps it', async () => {
    const ada = await open();
    const long = 'long '.repeat(10_000).trim();
    await type(ada, long);
    expect(await ada.textContent('#problem')).toMatch(/bytes too long/);
    expect(await ada.inputValue('#line')).toBe(long);
    expect(await ada.locator('.message').count()).toBe(0);
  });

  it('can use a chat on another server', async () => {
    const page = await (await browser.newContext()).newPage();
    const elsewhere = runtime.webSocketUrl('chat').replace('localhost', '127.0.0.1');
    await page.goto(`${runtime.url}/?url=${encodeURIComponent(elsewhere)}`);
    await agree(page);
    await connected(page);
  });

  describe('under 200 lines a second', () => {
    let server: TalkativeServer;
    let page: Page;
    beforeEach(async () => {
      server = await TalkativeServer.start();
      page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
      await page.goto(`${runtime.url}/?url=${encodeURIComponent(server.url)}`);
      await agree(page);
      await connected(page);
    });
    afterEach(() => server.stop());
    const shows = (number: number) =>
      holds(page, `[...document.querySelectorAll('.text')].some((e) => e.textContent === 'line ${number}')`);

    it('stays responsive, and shows at most 500 lines', async () => {
      await page.evaluate(`{
        globalThis.most = 0;
        const list = document.querySelector('#messages');
        new MutationObserver(() => { most = Math.max(most, list.childElementCount); }).observe(list, { childList: true });
      }`);
      const session = await page.context().newCDPSession(page);
      await session.send('Performance.enable', { timeDomain: 'threadTicks' });
      const busySeconds = async () => {
        const { metrics } = await session.send('Performance.getMetrics');
        return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN;
      };
      const before = await busySeconds();
      const said = server.say(1_000, 200);
      await page.locator('#line').pressSequentially('typed meanwhile');
      await said;
      await shows(999);
      expect((await busySeconds()) - before).toBeLessThan(2.5);
      expect(await page.inputValue('#line')).toBe('typed meanwhile');
      expect(await page.evaluate('most')).toBe(500);
      // The newest line is visible.
      expect(
        await page.evaluate(`(() => {
          const { scrollTop, scrollHeight, clientHeight } = document.querySelector('#scroller');
          return scrollHeight - scrollTop - clientHeight;
        })()`),
      ).toBeLessThan(2);
    });

    it('keeps a reader’s scroll position, and shows how many new lines there are', async () => {
      await server.say(300, 200);
      await shows(299);
      const inView = () =>
        page.evaluate(`(() => {
          const { top } = document.querySelector('#scroller').getBoundingClientRect();
          const row = [...document.querySelectorAll('.message')].find((e) => e.getBoundingClientRect().top >= top);
          return [row.querySelector('.text').textContent, Math.round(row.getBoundingClientRect().top)];
        })()`);
      await page.evaluate(
        "(() => { const e = document.querySelector('#scroller'); e.scrollTop = e.scrollHeight / 2; })()",
      );
      // Two frames, so that the scroll event has been dispatched.
      await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
      const before = await inView();
      // Above 500 lines, the oldest are removed, above the reader's position.
      await server.say(250, 200);
      await holds(page, "/^250 new messages/.test(document.querySelector('#newest').textContent)");
      expect(await inView()).toEqual(before);
      await page.click('#newest');
      expect(await page.isHidden('#newest')).toBe(true);
      await hasText(page, 'line 549');
    });
  });

  it.each([
    ['light', 360],
    ['light', 1280],
    ['dark', 360],
    ['dark', 1280],
  ] as const)('has nothing that axe finds wrong, %s at %d pixels', async (colorScheme, width) => {
    const ada = await open({ colorScheme, viewport: { width, height: 800 }, bypassCSP: true });
    await type(ada, 'alias Ada');
    await hasUsers(ada, ['Ada']);
    await type(ada, 'Look at https://example.org');
    const bob = await open();
    await type(bob, 'I do');
    await hasText(ada, 'I do');
    await ada.addScriptTag({ path: AXE });
    const violations = await ada.evaluate(
      "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes[0].html))",
    );
    expect(violations).toEqual([]);
  });
});
