import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Example } from '../../gateway/src/playground/example.types.js';
import { exampleGroups } from '../../gateway/src/playground/examples.js';
import { Answers } from '../../gateway/src/playground/page/answers.js';
import { answers, labelServer, type LabelServerOfTest } from '../../subgraphs/ai-arts/src/testkit/label-server.js';
import { Actor, logIn, stranger, type GraphAnswer } from '../testkit/actor.js';
import { isMissing, jupyter, qemu } from '../testkit/engines.js';
import { placeGuestImage } from '../testkit/guest-image.js';
import { BRIGHT, brightnessModel } from '../testkit/inference.js';
import { ADMIN_PASSWORD, startPlatform, type Platform } from '../testkit/platform.js';
import { until } from '../testkit/processes.js';
import { subscribe, type Subscription } from '../testkit/subscription.js';
import { LOCAL_ENGINE } from '../testkit/training.js';

// Every example of the playground, run from the first to the last as a visitor runs them on a fresh platform: with what the
// page fills in, with files where it asks for some, and again when something is not so far yet.

const COCO = { images: [], categories: [], annotations: [] };

/** What is refused where an engine is not on the machine. */
const NO_CLOUD = ['VmImages', 'VmFlavors', 'LaunchVirtualMachine', 'RebootVirtualMachine', 'StopVirtualMachine', 'StartVirtualMachine', 'SnapshotVirtualMachine', 'DestroyVirtualMachine'];
const NO_NOTEBOOKS = ['StopNotebook', 'StartNotebook'];

let labels: LabelServerOfTest;
let platform: Platform;
const hasCloud = !isMissing(qemu);
const hasNotebooks = !isMissing(jupyter);
beforeAll(async () => {
  labels = await labelServer();
  labels.behave(answers(COCO));
  const cloud: Record<string, string> = hasCloud ? { CLOUD_DRIVER: 'qemu', CLOUD_QEMU_SHUTDOWN_SECONDS: '1' } : { CLOUD_DRIVER: 'none' };
  platform = await startPlatform({ environment: { ...LOCAL_ENGINE, ...cloud, LABEL_SERVER_URL: labels.url } });
  if (hasCloud) await placeGuestImage(platform.dataDirectory);
  const shared = join(platform.dataDirectory, 'ai-arts/store/files/shared=/mnist=');
  await mkdir(shared, { recursive: true });
  await writeFile(join(shared, 'digits.csv'), '0,1,2\n');
});
afterAll(async () => {
  await platform?.dispose();
  await labels?.stop();
});

const groups = await exampleGroups();
const known = new Answers();
const streams: { name: string; stream: Subscription }[] = [];
let visitor: Actor;
let password = ADMIN_PASSWORD;

describe.each(groups)('$title.en', ({ examples }) => {
  test.each(examples)('$name', async (example) => {
    visitor ??= stranger(platform);
    const variables = JSON.parse(JSON.stringify(known.variablesOf(example)).replaceAll('"your password"', JSON.stringify(password))) as Record<string, unknown>;
    for (const name of example.files) variables[name] = await fileFor(example);
    if (example.kind === 'subscription') {
      streams.push({ name: example.name, stream: await subscribe(visitor, example.query, variables) });
      // Nothing tells a client that its subscription has begun; what happens until it has is not told.
      await delay(500);
      return;
    }
    if ((!hasCloud && NO_CLOUD.includes(example.name)) || (!hasNotebooks && NO_NOTEBOOKS.includes(example.name))) {
      expect((await visitor.graph(example.query, variables)).errors).toHaveLength(1);
      return;
    }
    const { data, errors } = await answerOf(example, variables);
    expect(errors).toEqual([]);
    for (const [field, value] of Object.entries(data)) expect(value, field).not.toBeNull();
    known.remember(data);
    await follow(data, variables);
  });
});

test('each subscription was told of what the other examples did', async () => {
  expect(streams.length).toBeGreaterThan(5);
  for (const { name, stream } of streams) {
    if (hasCloud || name !== 'VirtualMachineChanged') await expect.poll(() => stream.events.length, { message: name, timeout: 30_000 }).toBeGreaterThan(0);
    expect(stream.errors, name).toEqual([]);
    await stream.end();
  }
});

/** The answer, asked for again as long as a job or a machine has yet to come where the example begins. */
async function answerOf({ query }: Example, variables: Record<string, unknown>): Promise<GraphAnswer> {
  let answer: GraphAnswer;
  await until('the state that the example begins with', async () => {
    answer = await visitor.graph(query, variables);
    return !answer.errors.some(({ extensions }) => extensions.code.endsWith('_STATE_CONFLICT'));
  });
  return answer!;
}

async function fileFor({ name }: Example): Promise<File> {
  if (name === 'UploadModel') return new File([await brightnessModel()], 'model.tar.gz');
  return name.endsWith('Image') ? new File([BRIGHT], 'bright.png') : new File(['0,1,2\n'], 'digits.csv');
}

/** Whoever logs in, renews a ticket or logs out in the editor does so for what comes next. */
async function follow(data: GraphAnswer['data'], variables: Record<string, unknown>): Promise<void> {
  const { ticket } = data.logIn ?? data.renewTicket ?? {};
  if (ticket) visitor = new Actor(platform, 'admin', ticket);
  if (data.changePassword) password = (variables.input as { new: string }).new;
  if (data.logOut) visitor = await logIn(platform, 'admin', password);
}
