import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer-core';

const PATIENCE_MS = 30_000;
/** A page that another one covers draws nothing, so that what is drawn is no clock. */
const POLLING = { polling: 100 };

/** Where pictures of pages are left, outside of the repository: HUTONG_TEST_ARTEFACTS, or a folder of the system's for temporary files. */
export const artefactsFolder = process.env.HUTONG_TEST_ARTEFACTS || join(tmpdir(), 'hutong-test-artefacts');

/** A page of a headless Chromium that reaches nothing but one origin, and what went wrong on it. */
export interface WatchedPage {
  readonly page: Page;
  /** Requests to anything else (which were blocked), failed requests, what the page threw or complained of on its console, breaches of its policy. */
  readonly faults: string[];
  /** Clicks on the first element of this selector whose text begins with these words. */
  press(selector: string, words?: string): Promise<void>;
  /** Waits until an element of this selector shows the words. */
  sees(selector: string, words: string | RegExp): Promise<void>;
  /** Leaves a picture of the page among the artefacts. */
  picture(name: string): Promise<void>;
}

/** A tab of its own, with storage and cookies of its own, for a user who prefers this language and theme. */
export async function openPage(browser: Browser, origin: string, { language = 'en', theme = 'light' }: { language?: 'en' | 'zh-CN'; theme?: 'light' | 'dark' } = {}): Promise<WatchedPage> {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const faults: string[] = [];
  page.setDefaultTimeout(PATIENCE_MS);
  await page.setRequestInterception(true);
  page.on('request', (request) => {
    const isOurs = request.url().startsWith(`${origin}/`) || /^(data|blob):/.test(request.url());
    if (!isOurs) faults.push(`asked for ${request.url()}`);
    void (isOurs ? request.continue() : request.abort());
  });
  page.on('requestfailed', (request) => void (request.failure()?.errorText !== 'net::ERR_ABORTED' && faults.push(`failed: ${request.url()} ${request.failure()?.errorText}`)));
  page.on('response', (response) => void (response.status() >= 400 && faults.push(`${response.status()} for ${response.url()}`)));
  page.on('pageerror', (error) => void faults.push(`threw ${String(error)}`));
  page.on('console', (message) => void (['error', 'warn'].includes(message.type()) && faults.push(`console: ${message.text()}`)));
  await page.evaluateOnNewDocument((preferred) => {
    Object.defineProperty(navigator, 'language', { get: () => preferred });
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => console.error(`policy: ${violatedDirective} ${blockedURI}`));
  }, language);
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: theme }]);
  await page.setExtraHTTPHeaders({ 'accept-language': language });
  return {
    page,
    faults,
    async press(selector, words = '') {
      const found = await page.waitForFunction((of, begins) => [...document.querySelectorAll<HTMLElement>(of)].find((element) => element.textContent.trim().startsWith(begins)), POLLING, selector, words);
      await found.asElement()!.evaluate((element) => (element as HTMLElement).click());
    },
    async sees(selector, words) {
      const source = typeof words === 'string' ? words.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`) : words.source;
      await page.waitForFunction((of, pattern) => [...document.querySelectorAll<HTMLElement>(of)].some((element) => new RegExp(pattern).test(element.innerText.replace(/\s+/g, ' '))), POLLING, selector, source).catch(async (error: unknown) => {
        const shown = await page.$$eval(selector, (elements) => elements.map((element) => (element as HTMLElement).innerText));
        throw new Error(`${selector} does not show ${words}, but ${JSON.stringify(shown)}; faults: ${faults.join('; ')}`, { cause: error });
      });
    },
    async picture(name) {
      await mkdir(artefactsFolder, { recursive: true });
      await page.screenshot({ path: join(artefactsFolder, `${name}.png`) });
    },
  };
}
