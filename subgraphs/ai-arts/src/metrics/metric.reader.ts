import type { Log } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { JobEvents } from '../job/job.events.js';
import { END_STATES, JobState } from '../job/job.states.js';
import type { JobLogs } from '../log/log.source.js';
import { Training } from '../training/training.entity.js';
import { readMetricLines } from './metric.line.js';
import type { MetricStore } from './metric.store.js';

interface ReaderParts {
  fork: () => EntityManager;
  logs: JobLogs;
  metrics: MetricStore;
  events: JobEvents;
  log: Log;
}

const PAUSE_MS = 1_000;
const CHUNK_BYTES = 4 * 2 ** 20;
const AT_ONCE = 4;

/** Reads the logs of trainings that run, and those of ended ones to their end, for the metrics in them. */
export class MetricReader {
  readonly #parts: ReaderParts;
  readonly #stop = new AbortController();
  readonly #stopListening: () => void;
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> | undefined;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    this.#stopListening = parts.events.onChange((_id, state) => {
      if (state === JobState.RUNNING || END_STATES.includes(state)) this.wake();
    });
    this.wake();
  }

  /** There may be something to read: soon, and until nothing is left. */
  wake(): void {
    if (this.#stop.signal.aborted || this.#timer !== undefined || this.#reading) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#reading = this.#read();
    }, PAUSE_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the process stops'));
    this.#stopListening();
    clearTimeout(this.#timer);
    await this.#reading;
  }

  async #read(): Promise<void> {
    let isSomethingLeft = true;
    try {
      const trainings = await this.#parts.fork().find(Training, { isLogRead: false, isStaged: true, state: { $in: [JobState.RUNNING, JobState.KILLING, ...END_STATES] } });
      isSomethingLeft = trainings.length > 0;
      const places = trainings.values();
      await Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
          for (const training of places) await this.#readOne(training);
        }),
      );
    } catch (err) {
      if (!this.#stop.signal.aborted) this.#parts.log.warn({ err }, 'logs could not be read for metrics; will try again');
    }
    this.#reading = undefined;
    if (isSomethingLeft) this.wake();
  }

  async #readOne(training: Training): Promise<void> {
    const { logs, metrics, log } = this.#parts;
    const source = logs.of(training, 0);
    try {
      const from = training.logReadBytes;
      const { bytes, sizeBytes } = await source.read(from, CHUNK_BYTES, this.#stop.signal);
      const { lines, readBytes } = readMetricLines(bytes);
      const isEnd = from + bytes.length >= sizeBytes;
      // A line that fills a whole chunk is no metric's.
      const to = from + (readBytes === 0 && bytes.length === CHUNK_BYTES ? bytes.length : readBytes);
      const isAll = source.isClosed && isEnd;
      if (to > from || isAll) await metrics.keep(training.id, { from, to, lines, isAll });
    } catch (err) {
      if (!this.#stop.signal.aborted) log.warn({ err, training: training.id }, 'a log could not be read for metrics; will try again');
    }
  }
}
