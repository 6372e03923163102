import { addAbortListener, once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { labelsInvalid } from '../errors.js';
import type { CocoCounts } from './coco.check.js';
import type { GivenLabels } from './coco.reader.js';

const MIB = 2 ** 20;
/** Compiled, wherever this is run from. */
const PROGRAM = new URL('../../dist/labelling/coco.worker.js', import.meta.url);
/** What parsed labels take, as multiples of their bytes, beside what a thread needs. */
const MEMORY = 16;
const BASE_MIB = 64;

type Said = { counts: CocoCounts } | { fault: string };

/** Checks labels in threads of their own, one at a time. */
export class CocoChecker {
  #last: Promise<void> = Promise.resolve();

  /** Afterwards the file holds the labels as JSON. @throws LABELS_INVALID, the signal's reason */
  async check(labels: GivenLabels, signal: AbortSignal): Promise<CocoCounts> {
    const turn = this.#last;
    const over = Promise.withResolvers<void>();
    this.#last = turn.then(() => over.promise);
    try {
      await turnOrAbort(turn, signal);
      return await checkOne(labels, signal);
    } finally {
      over.resolve();
    }
  }
}

/** Whoever gives up does not wait for the checks before. */
async function turnOrAbort(turn: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<void>();
  using _listener = addAbortListener(signal, () => aborted.resolve());
  await Promise.race([turn, aborted.promise]);
}

async function checkOne(labels: GivenLabels, signal: AbortSignal): Promise<CocoCounts> {
  signal.throwIfAborted();
  const worker = new Worker(PROGRAM, { workerData: labels, resourceLimits: { maxOldGenerationSizeMb: Math.ceil((labels.mostBytes * MEMORY) / MIB) + BASE_MIB } });
  try {
    const [said] = (await once(worker, 'message', { signal })) as [Said];
    if ('counts' in said) return said.counts;
    throw labelsInvalid({ problem: said.fault });
  } catch (error) {
    signal.throwIfAborted();
    if ((error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY') throw labelsInvalid({ problem: 'the labels take more memory than is allowed for them (LABEL_IMPORT_BYTES)', cause: error });
    throw error;
  } finally {
    await worker.terminate();
  }
}
