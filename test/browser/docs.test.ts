import type { Browser } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { admin } from '../testkit/actor.js';
import { chromium, isMissing } from '../testkit/engines.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { openBrowser } from './headless.browser.js';
import { artefactsFolder, openPage } from './watched.page.js';

// The reference of the legacy contracts, in a real browser that reaches nothing else.

const LANGUAGES = [
  { language: 'en', contracts: ['Compute interconnection', 'SimpleServerAPI', 'cloud_api', 'AIArts'], other: '中文' },
  { language: 'zh-CN', contracts: ['互通平台 API', 'SimpleServerAPI', 'cloud_api 云平台接口', 'AIArts'], other: 'English' },
] as const;

describe.skipIf(isMissing(chromium))('the documents of the contracts in Chromium', { timeout: 120_000 }, () => {
  let platform: Platform;
  let browser: Browser;
  beforeAll(async () => {
    platform = await startPlatform();
    browser = await openBrowser();
  });
  afterAll(async () => {
    console.log(`Pictures of the documents are in ${artefactsFolder}`);
    await browser?.close();
    await platform?.dispose();
  });

  test.each(LANGUAGES)('show all four contracts to who prefers $language, and lead to the other language', async ({ language, contracts, other }) => {
    const visit = await openPage(browser, platform.url, { language });
    await visit.page.goto(`${platform.url}/docs`);
    for (const name of contracts) await visit.sees('#docs', name);
    await visit.picture(`docs-${language}`);
    expect(visit.faults).toEqual([]);
    await Promise.all([visit.page.waitForNavigation(), visit.press('#bar a', other)]);
    for (const name of LANGUAGES.find((one) => one.language !== language)!.contracts) await visit.sees('#docs', name);
    expect(visit.faults).toEqual([]);
  });

  test('try a request with a ticket, and show the answer', async () => {
    const root = await admin(platform);
    const visit = await openPage(browser, platform.url);
    await visit.page.goto(`${platform.url}/docs`);
    await visit.press('#docs button', 'Test Request');
    await visit.page.locator('[role=dialog] input[type=text]').fill(root.credential!);
    await visit.press('[role=dialog] button', 'Send');
    await visit.sees('[role=dialog]', /"code": (0|400)\b/);
    await visit.picture('docs-tried');
    expect(visit.faults).toEqual([]);
  });
});
