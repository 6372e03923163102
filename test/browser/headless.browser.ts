import puppeteer, { type Browser } from 'puppeteer-core';
import { chromium, programFile } from '../testkit/engines.js';

/** How long Chromium may take to come up; the first start on a busy machine can take long. */
const START_MS = 50_000;

/** A headless Chromium that resolves no name. One that does not come up is started once more. */
export const openBrowser = (): Promise<Browser> => launch().catch(launch);

function launch(): Promise<Browser> {
  return puppeteer.launch({
    executablePath: programFile(chromium.programs[0]!)!,
    headless: true,
    timeout: START_MS,
    args: ['--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1', '--disable-background-networking', ...(process.geteuid?.() === 0 ? ['--no-sandbox'] : [])],
    defaultViewport: { width: 1440, height: 900 },
  });
}
