import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { WebSocket } from 'ws';
import { consoleServices } from '../../cli/console/services';
import type { App } from '../../local/assembly/model';
import { Faults } from '../../local/faults/faults';
import { NO_ACCOUNT_QUOTAS } from '../../local/gateway/quotas';
import { silentFunctionLog } from '../../local/lambda/function-log';
import { silentLog } from '../../local/log';
import { type Runtime, startRuntime } from '../../local/runtime';
import type { RuntimeOptions } from '../../local/runtime-options';
import { chatTemplateWith, readTemplate } from '../local/assembly/written-assembly';
import { ChatClient } from '../runtime/chat-client';
import { synthesizedApp } from '../runtime/running-app';
import { CHROMIUM, noteComplaints } from './chromium';

jest.setTimeout(180_000);

const ROOT = join(__dirname, '../..');
const AXE = require.resolve('axe-core/axe.min.js');
const TABS = ['connections', 'channels', 'functions', 'deliveries', 'faults', 'apis'];

/**
 * What a page from another origin tries: to read, to post, to close, to inject a fault. Returns everything that it
 * could read.
 */
const ATTACK = `async ({ url, id }) => {
  const read = [];
  const connection = '/@local/connections/' + encodeURIComponent(id);
  const body = '{"Type":"Evil"}';
  const tries = [
    ['/@local/state', {}],
    ['/@local/events', {}],
    ['/@local/services', {}],
    ['/@local/console', {}],
    [connection, { method: 'POST', body }],
    [connection, { method: 'POST', body, mode: 'no-cors' }],
    [connection, { method: 'DELETE' }],
    ['/@local/services/chat', { method: 'POST', body, mode: 'no-cors' }],
    ['/@local/faults/throttled', { method: 'PUT', body: '1' }],
  ];
  for (const [path, options] of tries) {
    try {
      const answer = await fetch(url + path, options);
      if (answer.type !== 'opaque') read.push(path + ' ' + (await answer.text()));
    } catch {}
  }
  await new Promise((resolve) => {
    const source = new EventSource(url + '/@local/events');
    source.onerror = resolve;
    source.onopen = () => read.push('events') && resolve();
  });
  const form = document.createElement('form');
  const frame = document.createElement('iframe');
  frame.name = 'answer';
  document.body.append(form, frame);
  Object.assign(form, { method: 'post', enctype: 'text/plain', action: url + connection, target: 'answer' });
  const answered = new Promise((resolve) => frame.addEventListener('load', resolve));
  form.submit();
  await answered;
  return read;
}`;

describe('the console page', () => {
  let app: App;
  let runtime: Runtime;
  let browser: Browser;
  /** Errors and warnings of the pages. */
  let complaints: string[];

  const start = (options: Partial<RuntimeOptions> = {}) =>
    startRuntime({
      ...{ app, port: 0, log: silentLog, functionLog: silentFunctionLog, faults: new Faults() },
      ...{ services: consoleServices, webDirectory: join(ROOT, 'web'), ...options },
    });

  beforeAll(async () => {
    app = await synthesizedApp();
    browser = await chromium.launch(CHROMIUM);
  });
  afterAll(() => browser.close());
  beforeEach(() => {
    complaints = [];
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    await runtime.close();
  });

  const open = async (options: BrowserContextOptions = {}, path = '/@local/console'): Promise<Page> => {
    const page = await (await browser.newContext(options)).newPage();
    noteComplaints(page, complaints);
    await page.goto(`${runtime.url}${path}`);
    await page.waitForSelector('[data-state="live"]');
    return page;
  };
  const chat = () => ChatClient.connect(runtime.webSocketUrl('chat'));
  /** A row of the activity feed. */
  const row = (page: Page, label: string, text: string) =>
    page
      .locator('#feed li', { has: page.locator('.label', { hasText: label }) })
      .filter({ hasText: text })
      .first();
  /** Waits until an expression is true in the page. It is text, because these types have no document. */
  const holds = async (page: Page, condition: string) => {
    while (!(await page.evaluate(condition))) await page.waitForTimeout(20);
  };

  describe("with this repository's app", () => {
    beforeEach(async () => {
      runtime = await start();
    });

    it.each(['/@local/console', '/console.html'])('shows at %s what happens, as it happens', async (path) => {
      const page = await open({}, path);
      const client = await chat();
      const id = await client.id();
      await row(page, 'connected', '/chat').waitFor();
      client.send({ User: 'Ada' });
      await row(page, 'message', '{"User":"Ada"}').waitFor();
      await row(page, 'function', 'Chat/Functions/Routes').waitFor();
      await row(page, 'post', '"userlist"').waitFor();
      await page.locator('#connections .name', { hasText: 'Ada' }).waitFor();
      await client.close();
      await row(page, 'closed', '/chat').waitFor();
      expect(await page.locator(`#feed [data-connection="${id}"]`).count()).toBeGreaterThan(3);
      expect(complaints).toEqual([]);
    });

    it('sends a text to one connection, and closes it', async () => {
      const client = await chat();
      const closed = client.closed();
      const page = await open();
      await page.click('#connections .row');
      await page.fill('#connections textarea', '{"Type":"Hello"}');
      await page.press('#connections textarea', 'Enter');
      await client.hears('Hello');
      await page.locator('#connections .outcome', { hasText: 'Sent.' }).waitFor();
      await page.click('#connections .danger');
      await closed;
      await page.locator('#connections-empty', { hasText: 'Nobody is connected.' }).waitFor();
      expect(complaints).toEqual([]);
    });

    it('publishes to everyone, shows the report, and disconnects a user', async () => {
      const [ada, bob] = [await chat(), await chat()];
      ada.send({ User: 'Ada' });
      bob.send({ User: 'Bob' });
      await bob.until(() => bob.users?.length === 2);
      const page = await open();
      await page.click('#tab-channels');
      await page.locator('.service', { hasText: 'chat' }).first().locator('.row').first().click();
      await page.fill('#channel textarea', '{"Type":"Hello"}');
      await page.click('#channel [type="submit"]');
      await Promise.all([ada, bob].map((client) => client.hears('Hello')));
      await page.locator('#channel .outcome', { hasText: 'Sent to 2.' }).waitFor();
      const closed = ada.closed();
      await page.click('[aria-label="Disconnect Ada"]');
      await closed;
      await page.locator('[aria-label="Disconnect Ada"]').waitFor({ state: 'detached' });
      expect(await page.locator('#channel li .name').allTextContents()).toEqual(['Bob']);
      await page.click('#tab-deliveries');
      const own = page.locator('.delivery', { hasText: 'everyone of chat' });
      await own.waitFor();
      expect(await own.locator('.counts').textContent()).toMatch(/^2 sent · in /);
      const seen = page.locator('.delivery', { hasText: '/chat {"Type":"Hello"}' });
      expect(await seen.locator('.counts').textContent()).toMatch(/^2 sent · in /);
      await bob.close();
      expect(complaints).toEqual([]);
    });

    it('switches faults on and off, and shows how often they struck', async () => {
      const client = await chat();
      const page = await open();
      await page.click('#tab-faults');
      await page.fill('[aria-label="throttled: percent"]', '100');
      await page.click('[role="switch"][aria-label="throttled"]');
      await page.locator('#faults-on', { hasText: '1 fault on' }).waitFor();
      client.send({ User: 'Ada' });
      await page.locator('.is-on .struck', { hasText: /^[1-9]\d* of/ }).waitFor();
      await row(page, 'post', '429').waitFor();
      await page.click('#faults-off');
      await page.locator('#faults-on').waitFor({ state: 'hidden' });
      await client.close();
      expect(complaints).toEqual([]);
    });

    it('shows users’ input as text, and never a secret', async () => {
      const client = await chat();
      const page = await open();
      client.send({ User: '<img src=x onerror=alert(1)>', password: 'hunter2' });
      await row(page, 'message', '<img src=x onerror=alert(1)>').waitFor();
      await page.locator('#connections .name', { hasText: '<img' }).waitFor();
      await page.click('#tab-channels');
      await page.locator('.service', { hasText: 'chat' }).first().locator('.row').first().click();
      await page.locator('#channel .name', { hasText: '<img' }).waitFor();
      expect(await page.locator('#feed img, #panels img').count()).toBe(0);
      expect(await page.textContent('body')).not.toContain('hunter2');
      await client.close();
      expect(complaints).toEqual([]);
    });

    it('filters, pauses, and shows only problems', async () => {
      const client = await chat();
      const page = await open();
      await row(page, 'connected', '/chat').waitFor();
      await page.click('#kinds button:text-is("Connections")');
      expect(await row(page, 'connected', '/chat').count()).toBe(0);
      await page.click('#kinds button:text-is("Connections")');
      await page.fill('#find-activity', 'no such thing');
      await page.locator('#feed-empty', { hasText: 'No recent event matches' }).waitFor();
      await page.fill('#find-activity', '');
      await page.click('#pause');
      client.send({ User: 'Ada' });
      await page.locator('#pause', { hasText: /Resume \(\d+\)/ }).waitFor();
      expect(await row(page, 'message', 'Ada').count()).toBe(0);
      await page.click('#pause');
      await row(page, 'message', 'Ada').waitFor();
      await page.click('#kinds button:text-is("Only problems")');
      expect(await row(page, 'message', 'Ada').count()).toBe(0);
      await fetch(`${runtime.url}/@local/connections/none`, { method: 'POST', body: 'x' });
      await row(page, 'post', '410').waitFor();
      await client.close();
    });

    it('can be used with the keyboard', async () => {
      const page = await open();
      await page.locator('#tab-channels').waitFor();
      await page.focus('#tab-connections');
      for (const tab of [...TABS.slice(1), 'connections']) {
        await page.keyboard.press('ArrowRight');
        expect(await page.locator(`#panel-${tab}`).isVisible()).toBe(true);
        expect(await page.locator('.panel:visible').count()).toBe(1);
      }
      await page.keyboard.press('End');
      expect(await page.evaluate('document.activeElement.id')).toBe('tab-apis');
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.id')).toBe('panel-apis');
    });

    it('gives a page from another origin nothing, and does nothing for it', async () => {
      const elsewhere = createServer((_, response) => {
        response.writeHead(200, { 'content-type': 'text/html' }).end('<title>elsewhere</title>');
      });
      await once(elsewhere.listen(0, '127.0.0.1'), 'listening');
      const client = await chat();
      const id = await client.id();
      const page = await (await browser.newContext()).newPage();
      await page.goto(`http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`);
      const read = await page.evaluate(`(${ATTACK})(${JSON.stringify({ url: runtime.url, id })})`);
      expect(read).toEqual([]);
      const told = async (path: string) => (await fetch(`${runtime.url}/@local/${path}`)).json();
      expect(await told('state')).toMatchObject({ connections: { total: 1 } });
      expect(await told('faults')).toMatchObject({ faults: [] });
      await fetch(`${runtime.url}/@local/connections/${encodeURIComponent(id)}`, {
        ...{ method: 'POST', body: '{"Type":"Hello"}' },
      });
      await client.hears('Hello');
      expect(client.frames.filter(({ Type }) => Type === 'Evil')).toEqual([]);
      await client.close();
      elsewhere.close();
      elsewhere.closeAllConnections();
    });

    it('continues with the next run of the runtime', async () => {
      const page = await open();
      const { port } = runtime;
      await runtime.close();
      await page.waitForSelector('[data-state="waiting"]');
      runtime = await start({ port });
      await page.waitForSelector('[data-state="live"]');
      const client = await chat();
      await row(page, 'connected', '/chat').waitFor();
      await client.close();
    });

    it.each([
      ['light', 390],
      ['light', 1280],
      ['dark', 390],
      ['dark', 1280],
    ] as const)('has nothing that axe finds wrong, %s at %d pixels', async (colorScheme, width) => {
      const client = await chat();
      client.send({ User: 'Ada' });
      await client.until(() => client.users?.length === 1);
      const viewport = { width, height: 800 };
      const page = await open({ colorScheme, viewport, bypassCSP: true, reducedMotion: 'reduce' });
      await fetch(`${runtime.url}/@local/faults/throttled`, { method: 'PUT', body: '0.1' });
      await fetch(`${runtime.url}/@local/connections/none`, { method: 'POST', body: 'x' });
      await row(page, 'post', '410').waitFor();
      await page.click('#connections .row');
      await page.locator('#tab-channels').waitFor();
      await page.addScriptTag({ path: AXE });
      for (const tab of TABS) {
        await page.click(`#tab-${tab}`);
        if (tab === 'channels') {
          await page.locator('.service', { hasText: 'chat' }).first().locator('.row').first().click();
          await page.locator('#channel .name', { hasText: 'Ada' }).waitFor();
        }
        const violations = await page.evaluate(
          "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes[0].html))",
        );
        expect([tab, violations]).toEqual([tab, []]);
        const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
        expect([tab, await page.evaluate(overflow)]).toEqual([tab, 0]);
      }
      await client.close();
    });
  });

  describe('with another app and many events', () => {
    const sockets: WebSocket[] = [];

    beforeEach(async () => {
      const mock = {
        ...{ IntegrationType: 'MOCK', IntegrationUri: undefined, TemplateSelectionExpression: '200' },
        RequestTemplates: { 200: '{"statusCode":200}' },
      };
      runtime = await start({
        app: readTemplate(chatTemplateWith({ Integration: mock })),
        accountQuotas: NO_ACCOUNT_QUOTAS,
      });
    });
    afterEach(() => {
      for (const socket of sockets.splice(0)) socket.terminate();
    });

    const connect = async (userAgent: string) => {
      const headers = { 'user-agent': userAgent };
      const socket = new WebSocket(runtime.webSocketUrl('chat'), { headers, perMessageDeflate: false });
      sockets.push(socket);
      await once(socket, 'open');
      return socket;
    };

    it('has no channels', async () => {
      const page = await open();
      await page.locator('#connections-empty', { hasText: 'Nobody is connected.' }).waitFor();
      await page.click('#tab-apis');
      await page.locator('.api', { hasText: 'Main/Api' }).waitFor();
      expect(await page.locator('#tab-channels').isVisible()).toBe(false);
      expect(complaints).toEqual([]);
    });

    it('lists the newest of 5,000 connections, and finds the others', async () => {
      const page = await open();
      for (let some = 0; some < 5_000; some += 100) {
        await Promise.all(Array.from({ length: 100 }, (_, n) => connect(`client-${some + n}.`)));
      }
      await page.locator('#tab-connections', { hasText: '5,000' }).waitFor();
      await page.locator('#connections-more', { hasText: 'the newest 200 of 5,000' }).waitFor();
      expect(await page.locator('#connections > li').count()).toBe(200);
      await page.fill('#find-connection', 'client-17.');
      await holds(page, "document.querySelectorAll('#connections > li').length === 1");
      await page.click('#connections .row');
      expect(await page.textContent('#connections dl')).toContain('client-17.');
      expect(complaints).toEqual([]);
    });

    it('draws at most ten times a second in a burst, reports what it left out, and counts everything', async () => {
      const socket = await connect('burst');
      const page = await open();
      await page.locator('#feed li').first().waitFor();
      await page.evaluate(`
        globalThis.draws = [];
        new MutationObserver(() => draws.push(performance.now()))
          .observe(document.getElementById('feed'), { childList: true });
      `);
      const total = 20_000;
      for (let n = 0; n < total; n += 100) {
        for (let one = 0; one < 100; one += 1) socket.send(`message ${n + one}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await row(page, 'message', `message ${total - 1}`).waitFor();
      await page.locator('.chart', { hasText: '20,000 in 5 min' }).waitFor();
      const draws = (await page.evaluate('draws')) as number[];
      const pauses = draws.slice(1).map((at, index) => at - (draws[index] ?? 0));
      expect(Math.min(...pauses)).toBeGreaterThan(90);
      expect(await page.locator('#feed li').count()).toBeLessThanOrEqual(300);
      expect(await page.locator('#feed .gap').count()).toBeGreaterThan(0);
      expect(complaints).toEqual([]);
    });
  });
});
