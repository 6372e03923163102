import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

const AFTER_BUILDING_MS = 1_000;

let due: NodeJS.Timeout | undefined;

/**
 * Gives back to the system what only building schemas needed: they are built from many more objects than they keep, and left alone V8
 * holds on to those pages for as long as nobody asks for anything. A second after the last call, once for all of them.
 */
export function settleMemory(): void {
  clearTimeout(due);
  due = setTimeout(settle, AFTER_BUILDING_MS).unref();
}

function settle(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as Collect;
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
