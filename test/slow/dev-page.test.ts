import { type Browser, chromium, type Page } from 'playwright-core';
import { APP, DevProject } from '../local/cli/dev-project';
import { CHROMIUM } from './chromium';

jest.setTimeout(60_000);

const page = (text: string) =>
  `<!doctype html><head><link rel="icon" href="icon.svg"><link rel="stylesheet" href="style.css"></head><p id="text">${text}</p>`;

describe('A page in a browser', () => {
  let browser: Browser;
  let project: DevProject;
  /** Errors and warnings of the page, especially of its policy. */
  let complaints: string[];

  beforeAll(async () => {
    browser = await chromium.launch(CHROMIUM);
  });
  afterAll(() => browser.close());
  beforeEach(() => {
    complaints = [];
    project = new DevProject(APP, {
      'answer.js': 'first',
      'web/index.html': page('first'),
      'web/icon.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
      'web/style.css': 'p { color: rgb(1, 2, 3) }',
    });
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    project.remove();
  });

  const open = async (command: 'dev' | 'start'): Promise<Page> => {
    const [url = ''] = /http:\/\/localhost:\d+\//.exec(await project.start(command)) ?? [];
    const page = await (await browser.newContext()).newPage();
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(url);
    return page;
  };
  const color = (page: Page) =>
    page.evaluate("getComputedStyle(document.querySelector('#text')).color") as Promise<string>;
  const comesTo = async (page: Page, condition: () => Promise<boolean>) => {
    while (!(await condition().catch(() => false))) await page.waitForTimeout(20);
  };

  it('is reloaded for changed files with the command dev, within its strict policy', async () => {
    const opened = await open('dev');
    expect(await color(opened)).toBe('rgb(1, 2, 3)');
    project.save('web/style.css', 'p { color: rgb(4, 5, 6) }');
    await comesTo(opened, async () => (await color(opened)) === 'rgb(4, 5, 6)');
    project.save('web/index.html', page('second'));
    await comesTo(opened, async () => (await opened.textContent('#text')) === 'second');
    expect(complaints).toEqual([]);
  });

  it('is served unchanged with the command start', async () => {
    const opened = await open('start');
    expect(await opened.locator('script').count()).toBe(0);
    expect(complaints).toEqual([]);
  });
});
