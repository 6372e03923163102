import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { heldOutDigits, pngOf } from '../demo/mnist.js';
import { admin, type Actor } from '../testkit/actor.js';
import { AiArtsClient } from '../testkit/ai-arts.client.js';
import { madeByDemos, runDemo } from '../testkit/demo.js';
import { isMissing, qemu } from '../testkit/engines.js';
import { placeGuestImage } from '../testkit/guest-image.js';
import { ADMIN_PASSWORD, startPlatform, type Platform } from '../testkit/platform.js';
import { LOCAL_ENGINE } from '../testkit/training.js';

// `npm run demo`, as a new user runs it beside `npm start`.

let platform: Platform;
let root: Actor;
let folder: string;
const hasCloud = !isMissing(qemu);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hutong-demo-'));
  const environment = { ...LOCAL_ENGINE, JOB_STOP_GRACE_SECONDS: '10', CLOUD_DRIVER: hasCloud ? 'qemu' : 'none' };
  platform = await startPlatform({ environment });
  if (hasCloud) await placeGuestImage(platform.dataDirectory);
  root = await admin(platform);
});
afterAll(async () => {
  await platform?.dispose();
  await rm(folder, { recursive: true, force: true });
});

test('the demo tells the whole story, draws it, and leaves a model and a service to play with', async () => {
  const { code, output, errors } = await runDemo({ HUTONG_URL: platform.url, INIT_CWD: folder, HUTONG_ADMIN_PASSWORD: ADMIN_PASSWORD });
  expect([code, errors], output).toEqual([0, '']);
  expect(output).toBe(stripVTControlCharacters(output));
  for (const told of ['ALLOCATED: http', 'dataset ', '"loss":', 'SHA-256', 'RUNNING', 'of 10 are right', hasCloud ? 'it was ACTIVE at ' : 'left out: ']) expect(output).toContain(told);
  expect(Number(/it reads (\S+) %/.exec(output)![1])).toBeGreaterThanOrEqual(95);
  expect([...output.matchAll(/^ +#\d+ +(\d) +(\d) +\d+\.\d %/gm)].filter(([, truth, answer]) => truth === answer).length).toBeGreaterThanOrEqual(7);
  const picture = await readFile(join(folder, 'hutong-demo.svg'), 'utf8');
  expect([picture.match(/<image /g)?.length, picture.match(/<polyline [^>]*points="\d/g)?.length]).toEqual([10, 1]);
  expect(await madeByDemos(root)).toEqual({ datasets: 1, trainings: 1, models: 1, services: 1, tasks: ['RELEASED'], users: ['admin'] });

  // What the last lines say can be done with the service.
  const serviceId = /service (\S+) goes on/.exec(output)![1]!;
  const seven = (await heldOutDigits([0]))[0]!;
  expect(seven.truth).toBe(7);
  const form = new FormData();
  form.append('image', new Blob([await pngOf(seven)]), 'seven.png');
  const answer = await new AiArtsClient(root).fetch(`/inferences/${serviceId}/recognition`, { method: 'POST', body: form });
  expect(await answer.json()).toMatchObject({ code: 0, data: { type: 'classify', data: expect.arrayContaining([['7', expect.any(Number)]]) } });
}, 300_000);
