import { sql, type Log } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import { serviceBusy } from '../errors.js';

/** What has been counted of a service and is not written down yet. */
interface Counted {
  requests: number;
  failed: number;
  /** Of the requests that were answered. */
  latencySumMs: number;
  lastAt: Date;
}

const EVERY_MS = 2_000;
/** What a new latency weighs in the mean. */
const WEIGHT = 0.01;

const ADD = `
  update ai_arts.job set requests = requests + $2, failed = failed + $3, last_request_at = greatest(last_request_at, $4),
    latency_ms = case when $5::double precision is null then latency_ms when latency_ms is null then $5
      else latency_ms + ($5 - latency_ms) * (1 - power(1 - ${WEIGHT}, $6::double precision)) end
  where id = $1 and kind = 'INFERENCE'`;

/** Counts the requests of services, bounds how many there are at a time, and writes the counts down every two seconds. */
export class RequestCounters {
  readonly #parts: { fork: () => EntityManager; most: number; log: Log };
  readonly #now = new Map<string, number>();
  readonly #counted = new Map<string, Counted>();
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> = Promise.resolve();

  constructor(parts: { fork: () => EntityManager; most: number; log: Log }) {
    this.#parts = parts;
  }

  /** A request for a service begins; whoever calls this lets go of its place. @throws SERVICE_BUSY */
  enter(id: string): Disposable {
    const { most } = this.#parts;
    const before = this.at(id);
    if (before >= most) throw serviceBusy({ problem: `${most} requests wait for it already (INFERENCE_QUEUE)` });
    this.#now.set(id, before + 1);
    // It must not be put to sleep meanwhile.
    this.#add(id, { requests: 0, failed: 0, latencySumMs: 0, lastAt: new Date() });
    return { [Symbol.dispose]: () => this.#leave(id) };
  }

  /** How many requests there are for a service in this process. */
  at(id: string): number {
    return this.#now.get(id) ?? 0;
  }

  /** A request has ended that a running service was asked. @param latencyMs null: it was answered with an error */
  count(id: string, latencyMs: number | null): void {
    this.#add(id, { requests: 1, failed: latencyMs === null ? 1 : 0, latencySumMs: latencyMs ?? 0, lastAt: new Date() });
  }

  /** Writes down what was counted. Never rejects: what cannot be written is kept and written later. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushing = this.#flushing.then(() => this.#flush());
    return this.#flushing;
  }

  stop(): Promise<void> {
    return this.flush();
  }

  async #flush(): Promise<void> {
    const all = new Map(this.#counted);
    this.#counted.clear();
    for (const [id, counted] of all) {
      const { requests, failed, latencySumMs, lastAt } = counted;
      const answered = requests - failed;
      try {
        await sql(this.#parts.fork(), ADD, [id, requests, failed, lastAt, answered === 0 ? null : latencySumMs / answered, answered]);
      } catch (err) {
        this.#parts.log.warn({ err, job: id }, 'requests of a service could not be counted; will try again');
        this.#add(id, counted);
      }
    }
  }

  #add(id: string, { requests, failed, latencySumMs, lastAt }: Counted): void {
    const before = this.#counted.get(id) ?? { requests: 0, failed: 0, latencySumMs: 0, lastAt };
    this.#counted.set(id, {
      requests: before.requests + requests,
      failed: before.failed + failed,
      latencySumMs: before.latencySumMs + latencySumMs,
      lastAt: lastAt > before.lastAt ? lastAt : before.lastAt,
    });
    this.#timer ??= setTimeout(() => void this.flush(), EVERY_MS).unref();
  }

  #leave(id: string): void {
    const rest = this.at(id) - 1;
    if (rest > 0) this.#now.set(id, rest);
    else this.#now.delete(id);
  }
}
