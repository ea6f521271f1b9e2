import { join } from 'node:path';
import fc from 'fast-check';
import { type Browser, chromium, type Page } from 'playwright-core';
import { silentFunctionLog } from '../../local/lambda/function-log';
import { silentLog } from '../../local/log';
import { type Runtime, startRuntime } from '../../local/runtime';
import { synthesizedApp } from '../runtime/running-app';
import { agree, CHROMIUM, noteComplaints } from './chromium';
import { OddServer } from './odd-server';

jest.setTimeout(120_000);

const ROOT = join(__dirname, '../..');
const SEED = 20_261_130;
const FRAMES = 1_500;

/** Values that cause trouble where a text, a number or a list is expected. */
const odd = fc.oneof(
  fc.constantFrom<unknown>(
    ...[null, true, false, 0, -1, 1e308, '', '*', [], {}, [[]], [{}], [null], [0], ['']],
    ...[{ toString: 1 }, { valueOf: 1, toString: null }, { toJSON: 1 }, { length: -1 }, { User: null }],
    ...[{ User: { toString: 1 } }, [{ User: [] }], [{ Message: 5 }], [{ Message: 'aGk=', Author: {} }]],
    ...['a'.repeat(5_000), '\ud800', '\u202e', '9999-99-99', '+275760-09-13 00:00:00', '<img src=x>'],
  ),
  fc.jsonValue({ maxDepth: 3 }),
);
const TYPES = ['Status', 'userlist', 'Chat', 'History', 'Error', 'Subscriptions', 'Notification'];
const FIELDS = [
  ...['WSID', 'Users', 'More', 'Revision', 'Message', 'Author', 'Sent', 'Messages', 'Topics'],
  ...['Id', 'Topic', 'Event', 'Source', 'Size', 'ControlId', 'message', 'requestId'],
];
const frame = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom(...TYPES), fc.dictionary(fc.constantFrom(...FIELDS), odd))
      .map(([Type, fields]) => JSON.stringify({ Type, ...fields })),
  },
  { weight: 1, arbitrary: odd.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: odd.map((Type) => JSON.stringify({ Type })) },
  { weight: 1, arbitrary: fc.string() },
);

function deepAndHuge(): string[] {
  const deep = `${'['.repeat(30_000)}${']'.repeat(30_000)}`;
  const many = (item: string) => `[${Array.from({ length: 100_000 / item.length }, () => item).join()}]`;
  return [
    deep,
    `{"Type":${deep}}`,
    ...TYPES.flatMap((Type) => FIELDS.map((field) => `{"Type":"${Type}","${field}":${deep}}`)),
    ...['null', '"adt"', '{"User":"Ada"}', '{"Message":"aGk="}', '"x"'].flatMap((item) => [
      `{"Type":"userlist","Users":${many(item)}}`,
      `{"Type":"History","Messages":${many(item)}}`,
      `{"Type":"Subscriptions","Topics":${many(item)}}`,
    ]),
    `{"Type":"Chat","Message":"${'A'.repeat(100_000)}","Author":"${'B'.repeat(20_000)}"}`,
  ];
}

describe('a page whose server sends odd frames', () => {
  let runtime: Runtime;
  let browser: Browser;
  let server: OddServer;
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
    server = await OddServer.start();
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    server.stop();
  });

  const open = async (path: string): Promise<Page> => {
    const page = await (await browser.newContext()).newPage();
    noteComplaints(page, complaints);
    await page.goto(`${runtime.url}/${path}?url=${encodeURIComponent(server.url)}`);
    await agree(page);
    await page.waitForSelector('[data-state="connected"]');
    return page;
  };
  const sendAll = () => {
    for (const each of fc.sample(frame, { seed: SEED, numRuns: FRAMES })) server.send(each);
    for (const each of deepAndHuge()) server.send(each);
    server.send(Buffer.from([0, 255]));
  };

  it('the chat continues', async () => {
    const page = await open('');
    sendAll();
    server.send('{"Type":"Chat","Message":"c3RpbGwgaGVyZQ==","Author":"Ada","Sent":"2026-11-30 09:15:00"}');
    await page.locator('.message .text', { hasText: 'still here' }).first().waitFor();
    expect(complaints).toEqual([]);
  });

  it('the notifications continue', async () => {
    const page = await open('notifications.html');
    sendAll();
    server.send('{"Type":"Notification","Topic":"adt","Message":"still here","Id":"last"}');
    await page.locator('.notification', { hasText: 'still here' }).first().waitFor();
    expect(complaints).toEqual([]);
  });
});
