import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { FuzzCase } from './fuzz.case.js';
import type { Oracle } from './oracle.js';
import { converse, type Address, type Conversation } from './wire/conversation.js';
import { searchSeed } from '../testkit/seed.js';

/** Connections at a time. */
const LANES = 4;
/** What is wrong is made smaller for so long. */
const SHRINK_MS = 30_000;
const SHOWN = 2_000;

export interface PhaseOptions {
  cases: fc.Arbitrary<FuzzCase>;
  requests: number;
  address: Address;
  oracle: Oracle;
  /** Told of every case that was as it should be. */
  onAnswers?: (sent: FuzzCase, answers: Conversation['answers']) => void;
}

/** Sends so many requests, over several connections at a time. @throws Error with the smallest bytes whose answer is wrong, to be sent again */
export async function sendAll({ cases, requests, address, oracle, onAnswers }: PhaseOptions): Promise<void> {
  let firstFailure: number | undefined;
  const property = fc.asyncProperty(cases, async (sent) => {
    if (firstFailure !== undefined && performance.now() - firstFailure > SHRINK_MS) return;
    const conversation = await converse(address, sent.script);
    const fault = faultOf(sent, conversation, oracle);
    if (fault !== undefined) {
      firstFailure ??= performance.now();
      throw new Error(`${fault}\nanswered: ${shown(conversation)}`);
    }
    onAnswers?.(sent, conversation.answers);
  });
  const lanes = Array.from({ length: LANES }, (_, lane) => fc.check(property, { seed: searchSeed() + lane, numRuns: Math.ceil(requests / LANES) }));
  for (const { failed, counterexample, errorInstance, counterexamplePath } of await Promise.all(lanes)) {
    if (failed) throw new Error(`${(errorInstance as Error).message}\n${await sendAgain(counterexample![0].script.parts, address)}\nHUTONG_TEST_SEED=${searchSeed()}, path ${counterexamplePath}`);
  }
}

function faultOf({ script, asked, answers: wanted }: FuzzCase, { answers, fault, ended }: Conversation, oracle: Oracle): string | undefined {
  if (script.sender === 'breaks') return undefined;
  if (fault !== undefined) return fault;
  if (ended === 'silent') return `neither answered nor closed, after ${answers.length} answers`;
  if (wanted !== undefined && ended !== 'goes on' && answers.length !== wanted) return `${answers.length} answers to ${wanted} requests`;
  for (const [at, answer] of answers.entries()) {
    const to = asked[at] ?? { ...asked.at(-1)!, isOdd: true };
    const wrong = oracle.faultOf(to, answer) ?? (to.requestId !== undefined && answer.headers['x-request-id'] !== to.requestId ? `the answer to ${to.requestId} is that to ${answer.headers['x-request-id']}` : undefined);
    if (wrong !== undefined) return `${to.method} ${to.target.slice(0, 300)}: ${wrong}`;
  }
  return undefined;
}

const shown = ({ answers, ended }: Conversation): string =>
  `${ended}; ${answers.map(({ status, headers, body }) => `${status} ${JSON.stringify(headers)} ${body.toString('utf8').slice(0, SHOWN)}`).join('\n')}`;

/** How to send bytes again that were sent. */
async function sendAgain(parts: readonly Buffer[], { host, port }: Address): Promise<string> {
  const bytes = Buffer.concat([...parts]);
  const file = join(await mkdtemp(join(tmpdir(), 'hutong-fuzz-failure-')), 'request.bin');
  await writeFile(file, bytes);
  return `sent: ${JSON.stringify(bytes.toString('latin1').slice(0, SHOWN))}\nthe ${bytes.length} bytes, to be sent again: nc ${host} ${port} < ${file}`;
}
