import cliProgress from 'cli-progress';
import { say } from './terminal.js';

/** Shows how far something long has come: a bar at a terminal, a line at the start elsewhere. */
export interface Progress {
  advance(count?: number): void;
  stop(): void;
}

/** Begins to show progress towards a total. */
export function startProgress(what: string, total: number): Progress {
  if (!process.stderr.isTTY) {
    say(`${what}: ${total}`);
    return { advance: () => undefined, stop: () => undefined };
  }
  const bar = new cliProgress.SingleBar(
    { format: `${what} [{bar}] {value}/{total}, {eta_formatted} left`, stream: process.stderr, hideCursor: true, clearOnComplete: false },
    cliProgress.Presets.shades_classic,
  );
  bar.start(total, 0);
  return { advance: (count = 1) => bar.increment(count), stop: () => bar.stop() };
}
