import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

const AFTER_START_MS = 1_000;

/**
 * Gives back to the system, once, what only the start needed: schemas are built from many more objects than they keep,
 * and left alone V8 holds on to those pages for as long as nobody asks for anything.
 */
export function settleMemory(): void {
  const settle = (): void => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as Collect;
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  };
  setTimeout(settle, AFTER_START_MS).unref();
}
