import { writeFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createClient, graphql, HutongError, type HutongClient } from '@hutong/client';
import { SettingError } from '@hutong/common';
import { DemoFailure, wordsOf } from './demo.failure.js';
import { DemoRun } from './demo.run.js';
import { readDemoEnvironment, type DemoEnvironment } from './environment.js';
import { beginMachine, endMachine } from './machine.chapter.js';
import { computeMarket } from './market.chapter.js';
import { pictureOf } from './picture.js';
import { recognizeDigits } from './recognition.chapter.js';
import { Terminal } from './terminal.js';
import { trainDigits } from './training.chapter.js';

const HELP = `Shows a running Hutong at work, in less than a minute: a provider reports GPUs, a task finds its way to one, a network
learns to read handwritten digits, a service reads some, and a virtual machine comes and goes where there is a cloud.

  HUTONG_ADMIN_PASSWORD=… npm run demo -- [--clean] [--picture <file>]

  --clean            take everything away again that it has made; else the dataset, the training, the model and the
                     service stay, to play with
  --picture <file>   where the loss and the digits are drawn, as SVG (hutong-demo.svg)
  --help             this

Where the platform is, HUTONG_URL tells (default: port PORT of this machine, and 4000 when that is empty); who comes, the
password of admin in HUTONG_ADMIN_PASSWORD, or a ticket or API token of an administrator in HUTONG_TOKEN.`;

const whoAmI = graphql('query WhoAmI { me { username roles } }');

interface Options {
  clean: boolean;
  picture: string;
}

async function main(): Promise<void> {
  const options = readOptions();
  if (!options) return console.log(HELP);
  const environment = readDemoEnvironment();
  const leaving = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => leaving.abort(new DemoFailure('Stopped; what was begun is taken away again.')));
  const terminal = new Terminal(process.stdout);
  const begun = performance.now();
  const admin = await comeIn(environment, leaving.signal);
  const run = new DemoRun(terminal, admin, createClient({ url: admin.url, credential: admin.credential }), leaving.signal);
  terminal.line(`\nHutong 互通 at ${admin.url}\n`);
  let isDone = false;
  try {
    await tellStory(run, { ...options, picture: resolve(environment.workingDirectory, options.picture) }, environment.workingDirectory);
    isDone = true;
  } catch (error) {
    // Told to stop, it fails with whatever was under way.
    leaving.signal.throwIfAborted();
    throw error;
  } finally {
    // Whatever still waits hangs up.
    leaving.abort();
    await run.end(isDone && !options.clean);
  }
  terminal.line(`\nDone in ${((performance.now() - begun) / 1_000).toFixed(1)} s.`);
}

/** What the command line says; undefined when it asks for help. */
function readOptions(): Options | undefined {
  try {
    const { values } = parseArgs({ options: { clean: { type: 'boolean', default: false }, picture: { type: 'string', default: 'hutong-demo.svg' }, help: { type: 'boolean', short: 'h' } } });
    return values.help ? undefined : values;
  } catch (error) {
    throw new DemoFailure(`${(error as Error).message.split('. ')[0]}; npm run demo -- --help tells what there is.`);
  }
}

/** An administrator's client. */
async function comeIn({ url, token, password }: DemoEnvironment, signal: AbortSignal): Promise<HutongClient> {
  const stranger = createClient({ url, signal });
  if (token === undefined && password === undefined) throw new DemoFailure('Say who comes: HUTONG_ADMIN_PASSWORD=… (the first npm start has printed it) or HUTONG_TOKEN=….');
  const setting = token === undefined ? 'HUTONG_ADMIN_PASSWORD' : 'HUTONG_TOKEN';
  try {
    const client = token === undefined ? await stranger.logIn('admin', password!) : stranger.as(token);
    const { me } = await client.query(whoAmI);
    if (!me?.roles.includes('ADMIN')) throw new DemoFailure(`${setting}: ${me?.username ?? 'nobody'} is no administrator, who alone can make a provider for the demo.`);
    return client;
  } catch (error) {
    if (error instanceof HutongError && error.errors.length > 0) throw new DemoFailure(`${setting}: ${wordsOf(error)}`);
    throw error;
  }
}

async function tellStory(run: DemoRun, { clean, picture }: Options, workingDirectory: string): Promise<void> {
  const { terminal } = run;
  await computeMarket(run);
  const launch = await beginMachine(run);
  const model = await trainDigits(run);
  const { serviceId, digits } = await recognizeDigits(run, model);
  await endMachine(run, launch);
  await writeFile(picture, pictureOf(model, digits));

  terminal.line();
  terminal.table(
    ['digit', 'truth', 'answer', 'score', ''],
    digits.map(({ index, truth, answer, score }) => [`#${index}`, truth, answer, `${(100 * score).toFixed(1)} %`, terminal.mark(answer === truth)]),
  );
  terminal.line(`\nOf 10,000 digits that it has never seen it reads ${(100 * model.accuracy.at(-1)!.value).toFixed(1)} %. Loss and digits: ${relative(workingDirectory, picture)}`);
  if (clean) return;
  terminal.line(`Model ${model.id} stays, and service ${serviceId} goes on: ask it what a picture of yours shows (TICKET as in the README):`);
  terminal.line(`  curl -s ${run.admin.url}/ai_arts/api/inferences/${serviceId}/recognition -H "Authorization: Bearer $TICKET" -F image=@seven.png`);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof DemoFailure || error instanceof SettingError || error instanceof HutongError ? wordsOf(error) : error);
  process.exitCode = 1;
}
