import { parentPort, workerData } from 'node:worker_threads';
import { CocoFault } from './coco.check.js';
import { readCoco, type GivenLabels } from './coco.reader.js';

// A thread of its own: large labels would keep everybody else waiting, and hostile ones take its memory only.
try {
  parentPort!.postMessage({ counts: await readCoco(workerData as GivenLabels) }, []);
} catch (error) {
  if (!(error instanceof CocoFault)) throw error;
  parentPort!.postMessage({ fault: error.message }, []);
}
