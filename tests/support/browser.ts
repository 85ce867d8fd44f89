import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

const PLACES = [
  process.env['CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** A Chromium of this machine, or null: none is downloaded, and what needs one says that it was skipped. */
export const chromiumPath = PLACES.find((place) => place !== '' && existsSync(place)) ?? null;

export interface TestBrowser {
  readonly page: () => Promise<Page>;
  readonly close: () => Promise<void>;
}

/** A browser that knows nobody, in a folder of its own, and asks nothing of the network by itself. */
export async function openBrowser(executablePath: string): Promise<TestBrowser> {
  const folder = mkdtempSync(join(tmpdir(), 'credit-ledger-browser-'));
  const context: BrowserContext = await chromium.launchPersistentContext(folder, {
    executablePath,
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  return {
    page: () => context.newPage(),
    close: async () => {
      await context.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
