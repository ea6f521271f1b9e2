import { join } from 'node:path';
import { Centrifuge } from 'centrifuge';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import WebSocket from 'ws';
import type { App } from '../../local/assembly/model';
import { silentFunctionLog } from '../../local/lambda/function-log';
import { silentLog } from '../../local/log';
import { type Runtime, startRuntime } from '../../local/runtime';
import { synthesizedApp } from '../runtime/running-app';
import { agree, CHROMIUM, noteComplaints } from './chromium';
import { OddServer } from './odd-server';

jest.setTimeout(120_000);

const ROOT = join(__dirname, '../..');
const AXE = require.resolve('axe-core/axe.min.js');

describe('the rooms page', () => {
  let app: App;
  let runtime: Runtime;
  let browser: Browser;
  /** Errors and warnings of the pages. */
  let complaints: string[];

  const start = (port: number) =>
    startRuntime({
      ...{ app, port, webDirectory: join(ROOT, 'web') },
      ...{ log: silentLog, functionLog: silentFunctionLog },
    });

  beforeAll(async () => {
    app = await synthesizedApp();
    browser = await chromium.launch(CHROMIUM);
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    complaints = [];
    runtime = await start(0);
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    await runtime.close();
  });

  const openPage = async (fragment = '', options: BrowserContextOptions = {}): Promise<Page> => {
    const page = await (await browser.newContext(options)).newPage();
    noteComplaints(page, complaints);
    await page.addInitScript(
      'globalThis.sockets = []; globalThis.WebSocket = class extends WebSocket { constructor(...of) { super(...of); sockets.push(this); } };',
    );
    await page.goto(`${runtime.url}/rooms.html${fragment}`);
    return page;
  };
  const enter = async (name: string, fragment = '#math', options: BrowserContextOptions = {}) => {
    const page = await openPage(fragment, options);
    await page.fill('#name', name);
    await page.press('#name', 'Enter');
    await page.locator('#users .you', { hasText: 'you' }).waitFor({ state: 'attached' });
    return page;
  };
  /** Waits until an expression is true in the page. It is text, because these types have no document. */
  const holds = async (page: Page, condition: string) => {
    while (!(await page.evaluate(condition))) await page.waitForTimeout(20);
  };
  const hasText = async (page: Page, selector: string, text: string) => {
    const found = page.locator(selector);
    while ((await found.allTextContents()).join('|') !== text) await page.waitForTimeout(20);
  };
  const press = (page: Page, button: 'ask' | 'reveal') => page.click(`#${button}[aria-disabled="false"]`);
  const choose = (page: Page, number: number) =>
    page.locator('.choice[aria-disabled="false"]').nth(number).click();
  const say = async (page: Page, words: string) => {
    await page.fill('#line', words);
    await page.press('#line', 'Enter');
    await holds(page, "document.querySelector('#line').value === ''");
  };
  const cut = async (page: Page) => {
    // Open connections stay open in a browser that goes offline.
    await page.context().setOffline(true);
    await page.evaluate('sockets.at(-1).close(4000)');
    await page.locator('#status[data-state="waiting"]').waitFor();
  };
  /** Everything that the log determines, as the page shows it. Each user's own answer differs. */
  const seen = async (page: Page) => {
    const texts = (selector: string) => page.locator(selector).allTextContents();
    return {
      question: await texts('#question-text'),
      counts: await texts('.count-of'),
      past: await texts('.asked-text, .asked-answer'),
      points: (await texts('.name, .points')).join(),
      talk: await texts('#lines li'),
    };
  };

  it('lets two users play a round, with bars, points and chat', async () => {
    const [ada, bob] = [await enter('Ada'), await enter('Bob')];
    for (const page of [ada, bob]) await hasText(page, '#people-count', '2');
    await press(ada, 'ask');
    for (const page of [ada, bob]) await hasText(page, '#asker', 'Ada asks');
    expect(await ada.textContent('#question-text')).toBe(await bob.textContent('#question-text'));
    await choose(ada, 0);
    await hasText(bob, '#tally', '1 of 2 have answered');
    for (const number of [1, 2, 1]) await choose(bob, number);
    for (const page of [ada, bob]) await hasText(page, '#tally', 'Everybody has answered');
    expect(await bob.locator('.choice[aria-pressed="true"] .words').count()).toBe(1);
    expect(await bob.locator('.count-of').allTextContents()).toEqual(['', '', '', '']);
    await press(bob, 'reveal');
    for (const page of [ada, bob]) {
      await hasText(page, '.count-of', '1|1|0|0');
      expect(await page.locator('.choice[data-result="right"]').count()).toBe(1);
    }
    const widths = await ada
      .locator('.choice')
      .evaluateAll((all) => all.map((each) => each.getAttribute('style')));
    expect(widths).toEqual(['--share: 0.5;', '--share: 0.5;', '--share: 0;', '--share: 0;']);
    await say(bob, 'Well played');
    for (const page of [ada, bob]) await hasText(page, '#lines li', 'Bob Well played');
    expect(await seen(ada)).toEqual(await seen(bob));
    expect(complaints).toEqual([]);
  });

  it('shows a later user what was asked and said, without reading it aloud', async () => {
    const ada = await enter('Ada');
    for (let round = 0; round < 2; round += 1) {
      await press(ada, 'ask');
      await choose(ada, round);
      await hasText(ada, '#tally', 'Everybody has answered');
      await press(ada, 'reveal');
      await ada.locator('#ask[aria-disabled="false"]').waitFor();
    }
    await say(ada, 'Is anybody here?');
    const bob = await enter('Bob');
    for (const page of [ada, bob]) await hasText(page, '#lines li', 'Ada Is anybody here?');
    for (const page of [ada, bob]) await hasText(page, '#people-count', '2');
    expect(await seen(bob)).toEqual(await seen(ada));
    expect(await bob.locator('.round').count()).toBe(1);
    expect(await bob.textContent('#announcer')).toBe('');
    await press(ada, 'ask');
    await holds(bob, "/^Ada asks: /.test(document.querySelector('#announcer').textContent)");
  });

  it('recovers exactly what it missed, and shows how much that was', async () => {
    const [ada, bob] = [await enter('Ada'), await enter('Bob')];
    await press(ada, 'ask');
    await choose(bob, 0);
    await hasText(ada, '#tally', '1 of 2 have answered');
    await cut(bob);
    expect(await bob.textContent('#status-text')).toBe('You are offline');
    await choose(ada, 1);
    await hasText(ada, '#tally', 'Everybody has answered');
    await press(ada, 'reveal');
    for (const words of ['one', 'two', 'three']) await say(ada, words);
    expect(await bob.locator('#lines li').count()).toBe(0);
    await bob.context().setOffline(false);
    await hasText(bob, '#notice', 'Caught up on 5 lines');
    for (const page of [ada, bob]) await hasText(page, '#lines li', 'Ada one|Ada two|Ada three');
    expect(await bob.textContent('#status-text')).toBe('Connected');
    for (const page of [ada, bob]) await hasText(page, '#people-count', '2');
    expect(await seen(bob)).toEqual(await seen(ada));
    expect(complaints).toEqual([]);
  });

  it('starts over if the room has lost what it missed', async () => {
    const ada = await enter('Ada');
    await say(ada, 'This will be forgotten');
    await hasText(ada, '#lines li', 'Ada This will be forgotten');
    await ada.evaluate(`
      globalThis.notices = [];
      new MutationObserver(() => notices.push(document.querySelector('#notice').textContent))
        .observe(document.querySelector('#notice'), { childList: true });
    `);
    const { port } = runtime;
    await runtime.close();
    await holds(ada, "/^in \\d+ s$/.test(document.querySelector('#countdown').textContent)");
    expect(await ada.textContent('#status-text')).toBe('Reconnecting');
    // With new tables.
    runtime = await start(port);
    await hasText(ada, '#notice', 'The room was reloaded');
    expect(await ada.evaluate('notices[0]')).toBe('Could not catch up: reloading the room');
    expect(await ada.locator('#lines li').count()).toBe(0);
    await say(ada, 'Hello again');
    await hasText(ada, '#lines li', 'Ada Hello again');
  });

  it('shows text as text, and ignores data that is not a line of a quiz', async () => {
    const name = '<img src=x onerror=alert(1)> שלום 👩‍👩‍👧';
    const ada = await enter(name);
    const foreign = new Centrifuge(runtime.webSocketUrl('rooms'), { websocket: WebSocket });
    const room = foreign.newSubscription('public:quiz:math');
    room.subscribe();
    foreign.connect();
    try {
      await room.ready(30_000);
      const words = '<script>alert(2)</script> &amp; \u202Ereversed';
      for (const data of [
        ...['text', null, 7, [], { type: '__proto__' }, { type: 'ask', question: '<b>' }],
        ...[
          { type: 'say', key: 'k', words: 'x'.repeat(5_000) },
          { type: 'answer', round: 1, choice: -1 },
        ],
        { type: 'say', key: 'k', words },
      ]) {
        await room.publish(data);
      }
      await hasText(ada, '#lines li', `Somebody ${words}`);
      await hasText(ada, '#question-text', 'No question yet');
      await hasText(ada, '#users .name', `${name}|Somebody`);
      expect(await ada.locator('#lines script, #users img, #lines b').count()).toBe(0);
      expect(complaints).toEqual([]);
    } finally {
      foreign.disconnect();
    }
  });

  it('keeps rooms separate, and follows the link', async () => {
    const [ada, bob] = [await enter('Ada'), await enter('Bob', '#غرفة')];
    await say(ada, 'in math');
    await say(bob, 'in the other room');
    await hasText(bob, '#lines li', 'Bob in the other room');
    await bob.evaluate("location.hash = 'math'");
    await hasText(bob, '#lines li', 'Ada in math');
    for (const page of [ada, bob]) await hasText(page, '#people-count', '2');
    expect(await bob.title()).toBe('math · Rooms');
    await bob.click('#leave');
    await hasText(ada, '#people-count', '1');
    await bob.fill('#room', 'Another Room');
    await bob.press('#room', 'Enter');
    await hasText(bob, '#room-name', 'another-room');
    expect(await bob.evaluate('location.hash')).toBe('#another-room');
  });

  it('is the same user in two windows, and after a reload', async () => {
    const ada = await enter('Ada');
    const other = await ada.context().newPage();
    await other.goto(`${runtime.url}/rooms.html#math`);
    for (const page of [ada, other]) await hasText(page, '#users .you', '(you, 2 windows)');
    await other.close();
    await ada.reload();
    await hasText(ada, '#users .you', '(you)');
    expect(await ada.textContent('#people-count')).toBe('1');
  });

  it('explains why a name is refused, and accepts another one', async () => {
    const ada = await openPage('#math');
    await ada.fill('#name', 'A\u200bda');
    await ada.press('#name', 'Enter');
    await holds(
      ada,
      "/^Your name may not contain/.test(document.querySelector('#enter-problem').textContent)",
    );
    await ada.fill('#name', 'Ada');
    await ada.press('#name', 'Enter');
    await hasText(ada, '#users .name', 'Ada');
  });

  it('sends another server neither the name nor the key of this one', async () => {
    const evil = await OddServer.start();
    try {
      const ada = await enter('Ada');
      const settings = await ada.evaluate('({ ...localStorage })');
      const key = await ada.evaluate("localStorage.getItem('guest-key')");
      expect(key).toMatch(/^[0-9a-f]{32}$/);
      const link = `${runtime.url}/rooms.html?url=${encodeURIComponent(evil.url)}#math`;
      await ada.goto(link);
      await ada.click('#foreign button[value="stay"]');
      await hasText(ada, '#people-count', '1');
      expect([evil.connections, ada.url()]).toEqual([[], `${runtime.url}/rooms.html#math`]);
      await ada.goto(link);
      await agree(ada);
      expect(await ada.inputValue('#name')).toBe('');
      await ada.fill('#name', 'Mallory');
      await ada.press('#name', 'Enter');
      while (!evil.received.some((text) => text.includes('Mallory'))) await ada.waitForTimeout(20);
      expect(evil.received.join()).not.toContain(key);
      expect(await ada.evaluate('({ ...localStorage })')).toEqual(settings);
    } finally {
      evil.stop();
    }
  });

  it('reports that nothing was sent while there is no connection, and keeps the text', async () => {
    const ada = await enter('Ada');
    await cut(ada);
    await ada.fill('#line', 'Typed while offline');
    await ada.press('#line', 'Enter');
    await holds(
      ada,
      "/^Not sent: there is no connection/.test(document.querySelector('#problem').textContent)",
    );
    expect(await ada.inputValue('#line')).toBe('Typed while offline');
    await ada.context().setOffline(false);
    await ada.locator('#status[data-state="connected"]').waitFor();
    await ada.press('#line', 'Enter');
    await hasText(ada, '#lines li', 'Ada Typed while offline');
  });

  it('can be played with the keyboard alone, and keeps the focus in place', async () => {
    const ada = await openPage('#math');
    const focused = () => ada.evaluate('document.activeElement.id || document.activeElement.textContent');
    const tabTo = async (id: string) => {
      for (let tabs = 0; (await focused()) !== id; tabs += 1) {
        if (tabs > 20) throw new Error(`No tab leads to ${id}.`);
        await ada.keyboard.press('Tab');
      }
    };
    await tabTo('name');
    await ada.keyboard.type('Ada');
    await ada.keyboard.press('Enter');
    await hasText(ada, '#question-text', 'No question yet');
    expect(await focused()).toBe('stage');
    await tabTo('ask');
    await ada.keyboard.press('Enter');
    await ada.locator('.choice').nth(3).waitFor();
    expect(await focused()).toBe('ask');
    await ada.keyboard.press('Shift+Tab');
    await ada.keyboard.press('Space');
    await ada.locator('.choice[aria-pressed="true"]').waitFor();
    await tabTo('reveal');
    await ada.keyboard.press('Enter');
    await hasText(ada, '.count-of', '0|0|0|1');
    expect(await focused()).toBe('reveal');
    await tabTo('line');
  });

  it.each([1280, 390])(
    'keeps everything in its place when the connection is lost, at %d pixels',
    async (width) => {
      const ada = await enter('Ada', '#math', { viewport: { width, height: 720 } });
      const places = () =>
        Promise.all(
          ['#place', '#room-main', '#people', '#composer'].map((part) => ada.locator(part).boundingBox()),
        );
      const before = await places();
      await cut(ada);
      expect(await places()).toEqual(before);
    },
  );

  it.each([
    ['light', 390],
    ['light', 1120],
    ['dark', 390],
    ['dark', 1120],
  ] as const)('has nothing that axe finds wrong, %s at %d pixels', async (colorScheme, width) => {
    const options = { colorScheme, viewport: { width, height: 844 }, bypassCSP: true } as const;
    const ada = await openPage('', { ...options, reducedMotion: 'reduce' });
    await ada.addScriptTag({ path: AXE });
    const wrong = () =>
      ada.evaluate(
        "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes[0].html))",
      );
    const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
    expect(await wrong()).toEqual([]);
    await ada.fill('#name', 'Wolfeschlegelsteinhausenbergerdorff the younger of Philadelphia');
    await ada.press('#name', 'Enter');
    await hasText(ada, '#people-count', '1');
    await press(ada, 'ask');
    await choose(ada, 0);
    await hasText(ada, '#tally', 'Everybody has answered');
    await say(ada, 'x'.repeat(300));
    expect(await wrong()).toEqual([]);
    await press(ada, 'reveal');
    await hasText(ada, '.count-of', '1|0|0|0');
    await press(ada, 'ask');
    await ada.locator('.round').waitFor();
    expect(await wrong()).toEqual([]);
    expect(await ada.evaluate(overflow)).toBe(0);
    expect(complaints).toEqual([]);
  });
});
