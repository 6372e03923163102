import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { actor, admin } from '../testkit/actor.js';
import { brightnessOnnx, BRIGHT, DARK, Recognizer, workersOf } from '../testkit/inference.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { until } from '../testkit/processes.js';
import { LOCAL_ENGINE } from '../testkit/training.js';

// Models are served by an inference server of the site, which speaks the Open Inference Protocol: here a worker of ours that nobody but the test has started.

const PROGRAM = join(import.meta.dirname, '../../subgraphs/ai-arts/dist/drivers/runtime/onnx/worker.main.js');
const TOKEN = 'what-the-site-gave-us';

let folder: string;
let server: ChildProcess;
let platform: Platform;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hutong-oip-'));
  const [model, addressFile] = [join(folder, 'model.onnx'), join(folder, 'address.json')];
  await writeFile(model, brightnessOnnx());
  server = spawn(process.execPath, [PROGRAM, `--model=${model}`, '--name=of-the-site', `--addressFile=${addressFile}`], { env: { HUTONG_WORKER_TOKEN: TOKEN }, stdio: 'ignore' });
  let port = 0;
  await until('the server to listen', async () => {
    port = (JSON.parse(await readFile(addressFile, 'utf8').catch(() => '{"port":0}')) as { port: number }).port;
    return port > 0;
  });
  platform = await startPlatform({ environment: { ...LOCAL_ENGINE, INFERENCE_RUNTIME: 'oip', OIP_URL: `http://127.0.0.1:${port}`, OIP_TOKEN: TOKEN } });
}, 180_000);
afterAll(async () => {
  await platform?.dispose();
  if (server.exitCode === null && server.signalCode === null) {
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  }
  await rm(folder, { recursive: true, force: true });
}, 120_000);

test('a model that the server of the site has is asked there, without a worker of ours, and one that it has not is waited for', { timeout: 180_000 }, async () => {
  const alice = new Recognizer(await actor(await admin(platform), 'alice'));
  const id = await alice.running({ modelId: await alice.model('of-the-site') });
  expect(await Promise.all([alice.answer(id, DARK), alice.answer(id, BRIGHT)])).toEqual(['dark', 'bright']);
  expect(await workersOf(id)).toEqual([]);

  const waiting = await alice.create({ modelId: await alice.model('not there') });
  await until('it to say what it waits for', async () => (await alice.look(waiting))?.stateReason?.includes('does not serve a model named "not there"') === true);
  expect(await alice.answer(waiting, DARK)).toBe('SERVICE_NOT_RUNNING');

  await alice.change('stop', id);
  expect(await alice.until(id, 'PAUSED')).toMatchObject({ restarts: 0 });
  await alice.change('start', id);
  await alice.until(id, 'RUNNING');
  server.kill('SIGKILL');
  await until('its end', () => server.signalCode !== null);
  expect(await alice.answer(id, DARK)).toBe('INFERENCE_FAILED');
  for (const service of [id, waiting]) await alice.change('delete', service);
  expect(await alice.look(id)).toBeNull();
});
