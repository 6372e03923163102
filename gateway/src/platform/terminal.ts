import { closeSync, openSync } from 'node:fs';

/** Whether this process was started at a terminal that is there no longer: SIGHUP says then that it was closed. */
export function hasLostTerminal(): boolean {
  if (!process.stdin.isTTY && !process.stdout.isTTY) return false;
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return false;
  } catch {
    return true;
  }
}
