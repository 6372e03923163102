import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { type: 'minor'; execution: 'sync' }) => void;

/** So much passes before the buffers that it came in are given back. */
const PORTION_BYTES = 16 * 1024 * 1024;

let collect: Collect | undefined;
let passed = 0;

/**
 * Counts bytes that pass through this process, and has the buffers that they came in given back in good time: V8 sees but
 * the small object in front of each buffer, and left alone lets a hundred megabytes of them lie about.
 */
export function passedThrough(bytes: number): void {
  passed += bytes;
  if (passed < PORTION_BYTES) return;
  passed = 0;
  collect ??= exposed();
  collect({ type: 'minor', execution: 'sync' });
}

function exposed(): Collect {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as Collect;
}
