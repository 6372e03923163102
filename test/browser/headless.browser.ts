import puppeteer, { type Browser } from 'puppeteer-core';
import { chromium, programFile } from '../testkit/engines.js';

/** A headless Chromium that resolves no name. */
export function openBrowser(): Promise<Browser> {
  return puppeteer.launch({
    executablePath: programFile(chromium.programs[0]!)!,
    headless: true,
    args: ['--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1', '--disable-background-networking', ...(process.geteuid?.() === 0 ? ['--no-sandbox'] : [])],
    defaultViewport: { width: 1440, height: 900 },
  });
}
