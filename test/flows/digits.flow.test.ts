import { afterAll, beforeAll, expect, test } from 'vitest';
import { actor, admin } from '../testkit/actor.js';
import { AiArtsClient } from '../testkit/ai-arts.client.js';
import { readDigits } from '../testkit/digit.reader.js';
import { DIGIT_SETTINGS, learnDigits, learnDigitsByAiArts } from '../testkit/digits.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { until } from '../testkit/processes.js';
import { LOCAL_ENGINE, localHoldings, Trainer } from '../testkit/training.js';

// Alice has a network learn to read handwritten digits on this host, from her files to a model that she downloads and has served.

let platform: Platform;
let trainer: Trainer;
beforeAll(async () => {
  platform = await startPlatform({ environment: { ...LOCAL_ENGINE, ...DIGIT_SETTINGS } });
  trainer = new Trainer(await actor(await admin(platform), 'alice'));
});
afterAll(() => platform?.dispose());

test('through GraphQL: uploaded, watched, stopped, run again to the same end, downloaded, and served as it is', async () => {
  await readDigits(trainer.actor, await learnDigits(trainer));
}, 300_000);

test('by an old client: uploaded, watched, stopped, and downloaded', () => learnDigitsByAiArts(new AiArtsClient(trainer.actor)), 200_000);

test('and then nothing of hers runs any more', async () => {
  await until('the end of every process', async () => (await localHoldings(platform)).running.length === 0);
  const { engine } = await trainer.actor.ask('{ engine { total { cpus memoryBytes } free { cpus memoryBytes } } }');
  expect(engine.free).toEqual(engine.total);
});
