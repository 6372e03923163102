import { execFileSync } from 'node:child_process';
import { chownSync, lstatSync, readFileSync, readdirSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { DatabaseStartError } from './database-start.error.js';

/** The system user that PostgreSQL runs as when we are root, which PostgreSQL refuses. */
export interface PostgresAccount {
  /** Name in the password file; `initdb` refuses a user without one. */
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** How accounts are found and made; replaced in tests. */
export interface AccountSource {
  /** Text of the system's password file. */
  readPasswd(): string;
  /** Runs a program as root; throws when it is missing or fails. */
  run(program: string, args: readonly string[]): void;
}

const system: AccountSource = {
  readPasswd: () => readFileSync('/etc/passwd', 'utf8'),
  run: (program, args) => void execFileSync(program, args, { stdio: 'ignore' }),
};

const CREATE_HUTONG: readonly (readonly [string, readonly string[]])[] = [
  ['useradd', ['--system', '--no-create-home', '--home-dir', '/var/lib/hutong', '--shell', '/bin/false', 'hutong']],
  ['adduser', ['-S', '-D', '-H', '-h', '/var/lib/hutong', '-s', '/bin/false', 'hutong']],
];

/** Whether this process is root, so that PostgreSQL must run as somebody else. Never true on Windows. */
export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/**
 * The account that a new database is made with when we are root: the system's `postgres` user if there is one, else
 * the user `hutong`, created on Linux when it can be, else `nobody`. Throws ACCOUNT_MISSING when none exists.
 */
export function findAccount(source: AccountSource = system): PostgresAccount {
  const known = lookUp(source, 'postgres') ?? lookUp(source, 'hutong');
  if (known) return known;
  if (process.platform === 'linux') {
    for (const [program, args] of CREATE_HUTONG) {
      try {
        source.run(program, args);
      } catch {
        continue;
      }
      const made = lookUp(source, 'hutong');
      if (made) return made;
    }
  }
  const nobody = lookUp(source, 'nobody');
  if (nobody) return nobody;
  throw new DatabaseStartError(
    'ACCOUNT_MISSING',
    'PostgreSQL does not run as root, and this system has no user postgres, hutong or nobody to run it as: start as a normal user, or set DATABASE_URL to a PostgreSQL of your own.',
  );
}

/** The account that owns an existing cluster folder, so that a change of accounts never locks a database out. */
export function ownerOf(cluster: string, source: AccountSource = system): PostgresAccount | undefined {
  const { uid, gid } = statSync(cluster);
  if (uid === 0) return undefined;
  const entry = entries(source).find((one) => one.uid === uid);
  return { name: entry?.name ?? String(uid), uid, gid };
}

function lookUp(source: AccountSource, name: string): PostgresAccount | undefined {
  // An account with uid 0 under another name is root all the same.
  return entries(source).find((entry) => entry.name === name && entry.uid > 0);
}

function entries(source: AccountSource): PostgresAccount[] {
  return source
    .readPasswd()
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length >= 4)
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
}

/**
 * Whether the account may enter every folder on the way to `target`, the last one included, and has `permission` (an
 * octal digit: 4 read, 1 enter or execute) on `target` itself. Symbolic links are followed first.
 */
export function canReach(account: PostgresAccount, target: string, permission = 1): boolean {
  let place = realpathSync(target);
  let wanted = permission;
  for (;;) {
    const { uid, gid, mode } = statSync(place);
    const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
    if (((mode >> shift) & wanted) !== wanted) return false;
    const parent = path.dirname(place);
    if (parent === place) return true;
    place = parent;
    wanted = 1;
  }
}

/** Gives a folder and all in it to the account; symbolic links are not followed. */
export function giveTo(account: PostgresAccount, folder: string): void {
  chownSync(folder, account.uid, account.gid);
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const file = path.join(folder, entry);
    if (!lstatSync(file).isSymbolicLink()) chownSync(file, account.uid, account.gid);
  }
}
