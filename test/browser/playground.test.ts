import type { Browser } from 'puppeteer-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { exampleGroups } from '../../gateway/src/playground/examples.js';
import { admin, type Actor } from '../testkit/actor.js';
import { chromium, isMissing } from '../testkit/engines.js';
import { ADMIN_PASSWORD, startPlatform, type Platform } from '../testkit/platform.js';
import { openBrowser } from './headless.browser.js';
import { artefactsFolder, openPage, type WatchedPage } from './watched.page.js';

// The playground as an explorer meets it, in a real browser that reaches nothing else.

const ANSWER = '.graphiql-response .view-lines';
const LIVE_EVENT = '.live .events li';

describe.skipIf(isMissing(chromium))('the playground in Chromium', () => {
  let platform: Platform;
  let root: Actor;
  let browser: Browser;
  beforeAll(async () => {
    platform = await startPlatform();
    browser = await openBrowser();
    root = await admin(platform);
  });
  afterAll(async () => {
    console.log(`Pictures of the playground are in ${artefactsFolder}`);
    await browser?.close();
    await platform?.dispose();
  });

  let visit: WatchedPage;
  const open = async (options?: Parameters<typeof openPage>[2]) => {
    visit = await openPage(browser, platform.url, options);
    await visit.page.goto(platform.url);
    await visit.page.waitForSelector('nav.examples:not([inert])');
  };
  const logIn = async (password = ADMIN_PASSWORD) => {
    await visit.page.locator('.log-in input[name=username]').fill('admin');
    await visit.page.locator('.log-in input[name=password]').fill(password);
    await visit.press('.log-in button', 'Log in');
  };
  /** Opens an example, once its title is that of the editor's tab. */
  const choose = async (name: string) => {
    await visit.press(`[data-example="${name}"]`);
    await visit.sees('.graphiql-tab-active', name);
  };
  const run = async () => {
    await visit.page.keyboard.down('Control');
    await visit.page.keyboard.press('Enter');
    await visit.page.keyboard.up('Control');
  };

  describe('an explorer who logs in', () => {
    beforeAll(async () => {
      await open();
      await visit.picture('1-opened');
      await logIn();
      await visit.sees('.log-in', /^admin until \d/);
    });
    beforeEach(() => void (visit.faults.length = 0));

    test('finds an example of each task, runs it by Ctrl-Enter, and sees the answer', async () => {
      const groups = await exampleGroups();
      for (const [index, { title, examples }] of groups.entries()) {
        await visit.press('.examples summary', title.en);
        const { name, query } = examples.find(({ kind }) => kind === 'query')!;
        await choose(name);
        await run();
        const field = /{\s*(\w+)/.exec(query.replace(/^#.*$/gm, ''))![1]!;
        await visit.sees(ANSWER, `"${field}":`);
        if (index < 2) await visit.picture(`2-${name}`);
      }
      expect(visit.faults).toEqual([]);
    });

    test('searches the examples in both languages', async () => {
      const search = visit.page.locator('.examples input[type=search]');
      const shown = () => visit.page.$$eval('.examples li button', (buttons) => buttons.filter((button) => button.checkVisibility()).map((button) => button.dataset.example));
      await search.fill('notebook stop');
      expect(await shown()).toEqual(['StopNotebook']);
      await search.fill('审计');
      expect(await shown()).toEqual(['AuditLog']);
      await search.fill('nothing like that');
      await visit.sees('.examples .none', 'No example is about that.');
      await search.click({ count: 3 });
      await visit.page.keyboard.press('Backspace');
      expect((await shown()).length).toBeGreaterThan(5);
    });

    test('sees an event arrive that another tab of the editor brings about, and what it made is filled in elsewhere', async () => {
      await choose('MachineChanged');
      await run();
      await visit.sees(ANSWER, 'Events appear below');
      await visit.sees('.live .runs', 'MachineChanged waiting for events');
      await choose('SaveMachines');
      await run();
      await visit.sees(ANSWER, '"Aimlab100"');
      await visit.sees(LIVE_EVENT, /machineChanged.*Aimlab100/);
      await visit.picture('3-live');
      await visit.press('.live .runs button', 'Stop');
      await visit.sees('.live .ended', 'MachineChanged ended');
      await root.ask('mutation { saveMachines(input: { machines: [{ id: "7", cpus: 1, status: STOPPED, memoryBytes: 1, gpu: "", ip: "10.0.0.7" }] }) { id } }');
      await choose('Machine');
      await visit.sees('.graphiql-editor-tool .view-lines', '"id": "100"');
      expect(await visit.page.$$eval(LIVE_EVENT, (events) => events.length)).toBe(1);
      expect(visit.faults).toEqual([]);
    });

    test('is told why a subscription is refused', async () => {
      await choose('TrainingLog');
      await run();
      await visit.sees(ANSWER, '"JOB_NOT_FOUND"');
      expect(visit.faults).toEqual([]);
    });

    test('keeps what was written by hand when an example is opened', async () => {
      await choose('WhoAmI');
      await visit.page.keyboard.type('# mine ');
      await choose('Users');
      expect(await visit.page.$$eval('.graphiql-tab-button', (tabs) => tabs.map((tab) => tab.textContent))).toEqual(['WhoAmI', 'Users']);
      await visit.press('.graphiql-tab-button', 'WhoAmI');
      await visit.sees('.graphiql-query-editor .view-lines', '# mine ');
    });

    test('is asked for a file where an operation takes one, and sends it', async () => {
      await choose('UploadFiles');
      await run();
      const input = (await visit.page.waitForSelector('.file-dialog input[type=file]'))!;
      await visit.picture('4-file');
      await visit.press('.file-dialog button', 'Cancel');
      await visit.sees(ANSWER, 'No file was chosen');
      await input.dispose();
      await run();
      const again = (await visit.page.waitForSelector('.file-dialog input[type=file]'))!;
      await again.uploadFile(import.meta.filename);
      await visit.press('.file-dialog button', 'Send');
      await visit.sees(ANSWER, '"fileCount": 1');
      expect(visit.faults).toEqual([]);
    });

    test('is logged in after a reload, but not in another tab of the browser', async () => {
      await visit.page.reload();
      await visit.sees('.log-in', /^admin until \d/);
      const other = await visit.page.browserContext().newPage();
      await other.goto(platform.url);
      await other.waitForSelector('.log-in input[name=password]');
      await other.close();
      await visit.page.bringToFront();
      expect(await visit.page.evaluate(() => JSON.stringify({ ...localStorage }) + document.cookie + location.href)).not.toContain('ht_');
    });

    test('logs out, which ends the ticket', async () => {
      const { ticket } = JSON.parse(await visit.page.evaluate(() => sessionStorage.getItem('hutong.session')!)) as { ticket: string };
      await visit.press('.log-in button', 'Log out');
      await visit.page.waitForSelector('.log-in input[name=password]');
      expect(await visit.page.evaluate((secret) => JSON.stringify({ ...sessionStorage }).includes(secret), ticket)).toBe(false);
      const me = () => fetch(`${platform.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${ticket}` }, body: '{"query":"{ me { id } }"}' });
      await expect.poll(async () => (await me()).status).toBe(401);
      expect(visit.faults).toEqual([]);
    });
  });

  test('a wrong password is refused in words', async () => {
    await open();
    await logIn('not the password');
    await visit.sees('.log-in .said', 'Wrong username or password.');
    await visit.picture('5-refused');
    expect(visit.faults).toEqual([]);
  });

  test('operations that log in, renew a ticket or log out do so for the page', async () => {
    await open();
    await choose('LogIn');
    await visit.page.evaluate((password) => {
      const variables = monaco!.editor.getModels().find(({ uri }) => uri.path.endsWith('variables.json'))!;
      variables.setValue(JSON.stringify({ input: { username: 'admin', password } }));
    }, ADMIN_PASSWORD);
    await run();
    await visit.sees('.log-in', /^admin until \d/);
    await choose('RenewTicket');
    await run();
    await visit.sees(ANSWER, '"renewTicket":');
    await choose('WhoAmI');
    await run();
    await visit.sees(ANSWER, '"username": "admin"');
    await choose('LogOut');
    await run();
    await visit.page.waitForSelector('.log-in input[name=password]');
    expect(visit.faults).toEqual([]);
  });

  test('whoever is logged out elsewhere is told so with the next operation', async () => {
    await open();
    await logIn();
    await visit.sees('.log-in', /^admin until \d/);
    const { ticket } = JSON.parse(await visit.page.evaluate(() => sessionStorage.getItem('hutong.session')!)) as { ticket: string };
    await fetch(`${platform.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${ticket}` }, body: '{"query":"mutation { logOut }"}' });
    await choose('WhoAmI');
    await run();
    await visit.sees(ANSWER, '"UNAUTHENTICATED"');
    await visit.sees('.log-in .said', 'Your session has ended. Log in again.');
  });

  test('whoever reads Chinese is spoken to in Chinese, and may change', async () => {
    await open({ language: 'zh-CN' });
    await visit.sees('.examples summary', '申请资源');
    await visit.picture('6-chinese');
    await visit.press('header.page button', 'English');
    await visit.sees('.examples summary', 'Get a resource');
    expect(visit.faults).toEqual([]);
  });

  test('the page fits a dark system and a small window', async () => {
    await open({ theme: 'dark' });
    await visit.page.setViewport({ width: 900, height: 600 });
    await visit.picture('7-dark');
    expect(await visit.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    expect(visit.faults).toEqual([]);
  });
});
