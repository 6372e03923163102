import { setTimeout as delay } from 'node:timers/promises';
import { Callers, type Asking } from './callers.js';
import { MeasuredGateway, type GatewayProgram } from './measured.gateway.js';
import type { Served } from './measured.process.js';

/** What a gateway is asked, and by how many at once. */
export interface Load extends Served {
  callers: number;
  asking: Omit<Asking, 'url'>;
}

/** The same of several gateways, and how long: in processor time of the gateway, as there is little of that in a busy second. */
export interface LoadInTurns extends Load {
  /** Before anything is measured. */
  warmMs: number;
  /** Of one turn; a round is one turn of each gateway, so that a busy moment of the machine meets all of them. */
  turnMs: number;
  rounds: number;
}

/** How one gateway did, round by round. */
export interface Rates {
  /** Microseconds of processor time that its process took for one request, of all its threads. */
  cpuMicros: number[];
  requestsPerSecond: number[];
}

const LOOK_MS = 25;

interface Side {
  name: string;
  gateway: MeasuredGateway;
}

/**
 * Measures gateways in turns, each in a process of its own; all have to give the same data first.
 *
 * @throws Error when they do not, or one ends
 */
export async function measureInTurns<Name extends string>(programs: Readonly<Record<Name, GatewayProgram>>, load: LoadInTurns): Promise<Record<Name, Rates>> {
  await using stack = new AsyncDisposableStack();
  let requests = 0;
  const next = (): number => ++requests;
  const started = await Promise.allSettled(Object.entries<GatewayProgram>(programs).map(async ([name, program]) => ({ name, gateway: await start(program, load, stack) })));
  const sides = started.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
  await sameAnswers(sides, load, next());
  for (const { gateway } of sides) await turn(gateway, load, load.warmMs, next);
  const rates = Object.fromEntries(sides.map(({ name }): [string, Rates] => [name, { cpuMicros: [], requestsPerSecond: [] }])) as Record<Name, Rates>;
  for (let round = 0; round < load.rounds; round += 1) {
    for (const { name, gateway } of sides) {
      const { cpuMicros, requestsPerSecond } = await turn(gateway, load, load.turnMs, next);
      rates[name as Name].cpuMicros.push(Math.round(cpuMicros));
      rates[name as Name].requestsPerSecond.push(Math.round(requestsPerSecond));
    }
  }
  return rates;
}

/**
 * Bytes of memory that a gateway holds after it was asked for so long without a pause.
 *
 * @throws Error when it ends
 */
export async function residentAfter(milliseconds: number, program: GatewayProgram, load: Load): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const gateway = await start(program, load, stack);
  using callers = await Callers.connect(load.callers, { url: gateway.url, ...load.asking });
  let requests = 0;
  await callers.askUntil(AbortSignal.timeout(milliseconds), () => ++requests);
  return (await gateway.usage()).residentBytes;
}

async function start(program: GatewayProgram, served: Served, stack: AsyncDisposableStack): Promise<MeasuredGateway> {
  const gateway = await MeasuredGateway.start(program, served);
  stack.defer(() => gateway.stop());
  return gateway;
}

/** Asks until the gateway has taken so many milliseconds of processor time, or three times as many have passed. */
async function turn(gateway: MeasuredGateway, { callers: count, asking: asked }: Load, milliseconds: number, next: () => number): Promise<{ cpuMicros: number; requestsPerSecond: number }> {
  using callers = await Callers.connect(count, { url: gateway.url, ...asked });
  const stop = new AbortController();
  const before = await gateway.usage();
  const end = performance.now() + 3 * milliseconds;
  const asking = callers.askUntil(stop.signal, next);
  asking.catch(() => stop.abort());
  const taken = async (): Promise<number> => (await gateway.usage()).cpuMicros - before.cpuMicros;
  while (!stop.signal.aborted && performance.now() < end && (await taken()) < milliseconds * 1_000) await delay(LOOK_MS);
  stop.abort();
  const { answers, milliseconds: passed } = await asking;
  return { cpuMicros: (await taken()) / answers, requestsPerSecond: (answers * 1_000) / passed };
}

async function sameAnswers(sides: readonly Side[], { asking }: Load, request: number): Promise<void> {
  let first: { name: string; data: string } | undefined;
  for (const { name, gateway } of sides) {
    using caller = await Callers.connect(1, { url: gateway.url, ...asking });
    const answer = await caller.ask(request);
    const { data: value, errors } = JSON.parse(answer) as { data?: unknown; errors?: unknown };
    if (errors !== undefined || value === undefined || value === null) throw new Error(`${name} answered ${answer.slice(0, 500)}`);
    // The bytes of the data, whatever stands beside it and between it.
    const data = JSON.stringify(value);
    first ??= { name, data };
    if (data !== first.data) throw new Error(`${name} and ${first.name} answer differently: ${difference(data, first.data)}`);
  }
}

function difference(one: string, other: string): string {
  let at = 0;
  while (one[at] === other[at]) at += 1;
  return `…${one.slice(Math.max(0, at - 60), at + 60)}… and …${other.slice(Math.max(0, at - 60), at + 60)}…`;
}
