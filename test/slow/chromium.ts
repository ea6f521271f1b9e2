/** How the tests start Chromium, which `prepare.sh` has installed, and what they hear of its pages. */
import type { LaunchOptions, Page } from 'playwright-core';

export const CHROMIUM: LaunchOptions = {
  executablePath: '/usr/bin/chromium',
  args: [
    ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
    ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
  ],
};

/** Agrees to the server of somebody else that the page's link names. */
export async function agree(page: Page): Promise<void> {
  await page.click('#foreign button[value="connect"]');
}

/** Adds what goes wrong in the page, and what it complains about. */
export function noteComplaints(page: Page, complaints: string[]): void {
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // A browser notes each connection that fails; pages cannot prevent it.
    const isExpected = /WebSocket connection to .* failed/.test(message.text());
    if (message.type() === 'error' && !isExpected) complaints.push(message.text());
  });
}
