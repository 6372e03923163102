import type { SpawnOptions } from 'node:child_process';
import type { PostgresAccount } from './postgres-account.js';

/**
 * How PostgreSQL's programs are run: as the account when we are root, in a folder that it may enter, and without our
 * environment, whose PG* and LC_* variables would change what they do.
 */
export function programOptions(account: PostgresAccount | undefined, home: string): SpawnOptions {
  return {
    cwd: home,
    windowsHide: true,
    // Windows programs do not start without the system's own variables.
    ...(process.platform === 'win32' ? {} : { env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } }),
    ...(account && { uid: account.uid, gid: account.gid }),
  };
}
