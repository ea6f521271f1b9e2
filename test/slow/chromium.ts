/** Starts Chromium, which `prepare.sh` has installed, and watches its pages. */
import type { LaunchOptions, Page } from 'playwright-core';

export const CHROMIUM: LaunchOptions = {
  executablePath: '/usr/bin/chromium',
  args: [
    ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
    ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
  ],
};

/** Accepts another server that the page's link names. */
export async function agree(page: Page): Promise<void> {
  await page.click('#foreign button[value="connect"]');
}

/** Records errors and warnings of the page. */
export function noteComplaints(page: Page, complaints: string[]): void {
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // A browser logs each failed connection, which pages cannot prevent.
    const isExpected = /WebSocket connection to .* failed/.test(message.text());
    if (message.type() === 'error' && !isExpected) complaints.push(message.text());
  });
}
