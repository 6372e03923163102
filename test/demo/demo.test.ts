import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { actor, admin, type Actor } from '../testkit/actor.js';
import { madeByDemos, runDemo } from '../testkit/demo.js';
import { freePort } from '../testkit/free-port.js';
import { ADMIN_PASSWORD, startPlatform, type Platform } from '../testkit/platform.js';
import { until } from '../testkit/processes.js';
import { LOCAL_ENGINE, localHoldings } from '../testkit/training.js';

// What the demo leaves and says when it is not to leave anything, or cannot begin; its story is a flow.

let platform: Platform;
let root: Actor;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hutong-demo-'));
  platform = await startPlatform({ environment: LOCAL_ENGINE });
  root = await admin(platform);
});
afterAll(async () => {
  await platform?.dispose();
  await rm(folder, { recursive: true, force: true });
});

const there = () => ({ HUTONG_URL: platform.url, INIT_CWD: folder });

/** The one line that a demo which cannot begin says. */
async function line(environment: Record<string, string>, ...given: string[]): Promise<string> {
  const { code, errors } = await runDemo({ ...there(), ...environment }, ...given);
  expect(code).toBe(1);
  expect(errors.trim().split('\n'), errors).toHaveLength(1);
  return errors;
}

test('with --clean it leaves a picture, and nothing else', async () => {
  const { code, output, errors } = await runDemo({ ...there(), HUTONG_TOKEN: root.credential! }, '--clean', '--picture', 'digits.svg');
  expect([code, errors], output).toEqual([0, '']);
  expect(await readdir(folder)).toEqual(['digits.svg']);
  expect(await madeByDemos(root)).toMatchObject({ datasets: 0, trainings: 0, models: 0, services: 0, tasks: ['RELEASED'] });
  expect((await madeByDemos(root)).users.filter((username) => username.startsWith('demo-'))).toEqual([]);
  await until('nothing to run', async () => (await localHoldings(platform)).running.length === 0);
}, 300_000);

test('a platform that is not there, and one that is something else', async () => {
  expect(await line({ HUTONG_URL: '', PORT: String(await freePort()), HUTONG_ADMIN_PASSWORD: ADMIN_PASSWORD })).toMatch(/^Nothing answers at http:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED\): .*npm start/);
  const other = createServer((_request, response) => response.end('<html>something else</html>')).listen(0, '127.0.0.1');
  await once(other, 'listening');
  const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  expect(await line({ HUTONG_URL: url, HUTONG_ADMIN_PASSWORD: ADMIN_PASSWORD })).toBe(`What answers at ${url} is no Hutong (HTTP 200 for /graphql): say where it is with HUTONG_URL or PORT.\n`);
  other.close();
  expect(await line({ HUTONG_URL: 'ftp://example.org' })).toMatch(/^HUTONG_URL: /);
}, 300_000);

test('nobody, a wrong password, a token that nobody has, and somebody who is no administrator', async () => {
  expect(await line({})).toMatch(/HUTONG_ADMIN_PASSWORD.*HUTONG_TOKEN/);
  expect(await line({ HUTONG_ADMIN_PASSWORD: 'not the password' })).toMatch(/^HUTONG_ADMIN_PASSWORD: .*\(WRONG_CREDENTIALS\)/);
  expect(await line({ HUTONG_TOKEN: 'nobody has it' })).toMatch(/^HUTONG_TOKEN: /);
  expect(await line({ HUTONG_TOKEN: (await actor(root, 'alice')).credential! })).toBe('HUTONG_TOKEN: alice is no administrator, who alone can make a provider for the demo.\n');
}, 300_000);

test('an option that there is not is named; --help tells those that there are', async () => {
  expect(await line({}, '--cleen')).toContain('--cleen');
  expect(await runDemo({}, '--help')).toMatchObject({ code: 0, errors: '', output: expect.stringContaining('--clean') });
}, 300_000);
