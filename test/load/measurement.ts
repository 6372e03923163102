import { Callers, type Asking } from './callers.js';
import { MeasuredGateway, type GatewayProgram } from './measured.gateway.js';
import type { Served } from './measured.process.js';

/** What a gateway is asked, and by how many at once. */
export interface Load extends Served {
  callers: number;
  asking: Omit<Asking, 'url'>;
}

/** The same of several gateways, and how long. */
export interface LoadInTurns extends Load {
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

interface Side {
  name: string;
  gateway: MeasuredGateway;
  callers: Callers;
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
  const started = await Promise.allSettled(Object.entries<GatewayProgram>(programs).map(async ([name, program]) => ({ name, ...(await start(program, load, stack)) })));
  const sides = started.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
  await sameAnswers(sides, next());
  for (const { callers } of sides) await callers.askFor(load.warmMs, next);
  const rates = Object.fromEntries(sides.map(({ name }): [string, Rates] => [name, { cpuMicros: [], requestsPerSecond: [] }])) as Record<Name, Rates>;
  for (let round = 0; round < load.rounds; round += 1) {
    for (const side of sides) {
      const { cpuMicros, requestsPerSecond } = await turn(side, load.turnMs, next);
      rates[side.name as Name].cpuMicros.push(Math.round(cpuMicros));
      rates[side.name as Name].requestsPerSecond.push(Math.round(requestsPerSecond));
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
  const { gateway, callers } = await start(program, load, stack);
  let requests = 0;
  await callers.askFor(milliseconds, () => ++requests);
  return (await gateway.usage()).residentBytes;
}

async function start(program: GatewayProgram, load: Load, stack: AsyncDisposableStack): Promise<Omit<Side, 'name'>> {
  const gateway = await MeasuredGateway.start(program, load);
  stack.defer(() => gateway.stop());
  const callers = await Callers.connect(load.callers, { url: gateway.url, ...load.asking });
  stack.defer(() => callers.close());
  return { gateway, callers };
}

async function turn({ gateway, callers }: Side, milliseconds: number, next: () => number): Promise<{ cpuMicros: number; requestsPerSecond: number }> {
  const before = await gateway.usage();
  const asked = await callers.askFor(milliseconds, next);
  const after = await gateway.usage();
  return { cpuMicros: (after.cpuMicros - before.cpuMicros) / asked.answers, requestsPerSecond: (asked.answers * 1_000) / asked.milliseconds };
}

async function sameAnswers(sides: readonly Side[], request: number): Promise<void> {
  let first: { name: string; data: string } | undefined;
  for (const { name, callers } of sides) {
    const answer = await callers.ask(request);
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
