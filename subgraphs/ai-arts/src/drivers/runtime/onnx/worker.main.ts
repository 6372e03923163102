// A program that serves one ONNX model by the Open Inference Protocol. It needs nothing of Hutong but the files beside it, and
// runs where jobs run. Exit codes: 0 it was told to end, 1 it failed, 2 its arguments are wrong, 3 the model cannot be served.
// It ends itself by SIGKILL when a run of the model takes too long, which nothing else can end.
import type { AddressInfo } from 'node:net';
import { readToken, TOKEN_VARIABLE } from './environment.js';
import { ModelRefused, ModelSession } from './model.session.js';
import { RequestCounters } from './request.counters.js';
import { RequestQueue } from './request.queue.js';
import { warmUp } from './warm.up.js';
import { writePort, writeRefusal } from './worker.address.js';
import { readArguments, type WorkerOptions } from './worker.options.js';
import { WorkerServer } from './worker.server.js';

const FAILED = 1;
const BAD_ARGUMENTS = 2;
const MODEL_REFUSED = 3;

const { options, token } = read();
let session: ModelSession | undefined;
const counters = new RequestCounters();
const server = new WorkerServer({ options, token, counters });
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void server.drain().then(leave));
server.http.on('error', (error) => end(FAILED, `cannot listen on ${options.host}: ${error.message}`));
server.http.listen(options.port, options.host, () => void start().catch(giveUp));

async function start(): Promise<void> {
  await writePort(options.addressFile, (server.http.address() as AddressInfo).port);
  const begun = performance.now();
  session = await ModelSession.open(options, {
    runSeconds: options.runSeconds,
    onStuck: () => (console.error(`a run of ${options.name} takes more than ${options.runSeconds} s, so the worker ends`), kill()),
    onDeath: (reason) => end(FAILED, `the thread of ${options.name} ended: ${reason}`),
  });
  const { isJoinable, notes } = await warmUp(session, options.bodyBytes);
  const batch = isJoinable ? options.batch : 1;
  for (const note of [...session.model.notes, ...notes]) console.log(`${options.name}: ${note}`);
  server.serve({ model: session.model, queue: new RequestQueue(session, counters, batch) });
  console.log(`${options.name} is ready after ${Math.round(performance.now() - begun)} ms (${session.model.library}, threads: ${options.threads}, joined requests: up to ${batch})`);
}

async function giveUp(error: unknown): Promise<never> {
  const words = `cannot serve ${options.name}: ${(error as Error).message}`;
  if (!(error instanceof ModelRefused)) return end(FAILED, words);
  try {
    await writeRefusal(options.addressFile, words);
  } finally {
    end(MODEL_REFUSED, words);
  }
}

function read(): { options: WorkerOptions; token: string } {
  try {
    const token = readToken();
    if (!token) throw new Error(`${TOKEN_VARIABLE}: expected the token that requests bring`);
    return { options: readArguments(process.argv.slice(2)), token };
  } catch (error) {
    return end(BAD_ARGUMENTS, (error as Error).message);
  }
}

/** A thread that is in the model keeps the process from ending in good order. */
function leave(): void {
  if (!session || session.isBusy) kill();
  process.exit();
}

const kill = (): void => void process.kill(process.pid, 'SIGKILL');

function end(code: number, words: string): never {
  console.error(words);
  process.exit(code);
}
