import { unwatchFile, watch, watchFile as poll, type FSWatcher } from 'node:fs';
import path from 'node:path';
import type { Log } from '@hutong/common';

/** Whoever writes a file in several steps is done when it has been quiet for so long. */
const QUIET_MS = 100;
/** What the system does not tell of, such as a file system over the network or a link further away, is seen by looking. */
const LOOK_MS = 2_000;

/**
 * Calls `onChange` once after each change of what a file holds, written in place, replaced by another of its name, or behind
 * a link that was turned to another place. It may also be called when nothing has changed. Answers what ends the watch.
 */
export function watchFile(file: string, onChange: () => void, log: Log): () => void {
  const absolute = path.resolve(file);
  let quiet: NodeJS.Timeout | undefined;
  const changed = (): void => {
    clearTimeout(quiet);
    quiet = setTimeout(onChange, QUIET_MS);
    quiet.unref();
  };
  const told = watchFolder(absolute, changed, log);
  poll(absolute, { interval: LOOK_MS, persistent: false }, changed);
  return () => {
    clearTimeout(quiet);
    told?.close();
    unwatchFile(absolute, changed);
  };
}

/** The folder is watched, as a watch of the file would stay with the one that was replaced. */
function watchFolder(file: string, changed: () => void, log: Log): FSWatcher | undefined {
  const { dir, base } = path.parse(file);
  try {
    const watcher = watch(dir, { persistent: false }, (_event, name) => {
      // Kubernetes turns the link ..data beside the file.
      if (name === null || name === base || name === '..data') changed();
    });
    watcher.on('error', (err) => {
      log.warn({ err, file }, 'the system tells no more of changes of the file: it is looked at from time to time');
      watcher.close();
    });
    return watcher;
  } catch (err) {
    log.warn({ err, file }, 'the system does not tell of changes of the file: it is looked at from time to time');
    return undefined;
  }
}
