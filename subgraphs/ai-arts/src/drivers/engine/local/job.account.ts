import { chmod, copyFile, mkdir, readFile, realpath, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { EngineError } from '../engine.js';
import type { Account } from './keeper.plan.js';

/** Where our Node is kept for users who cannot enter its own folder. */
const SHARED_FOLDER = '/var/lib/hutong';

/** The user that jobs become; null when we are not root and they stay who we are. MISCONFIGURED when there is no such user. */
export async function jobAccount(name: string): Promise<Account | null> {
  if (process.geteuid?.() !== 0) return null;
  const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const found = accounts.find(([user, , uid]) => user === name && Number(uid) > 0);
  if (!found) throw new EngineError('MISCONFIGURED', `ENGINE_LOCAL_USER: this system has no unprivileged user ${name}`);
  return { uid: Number(found[2]), gid: Number(found[3]) };
}

/** Whether the user may enter every folder on the way to a place, and read or run what is there. */
export async function canReach(account: Account, place: string): Promise<boolean> {
  let at = await realpath(place);
  let wanted = 5;
  for (;;) {
    const { uid, gid, mode } = await stat(at);
    const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
    if (((mode >> shift) & wanted) !== wanted) return false;
    const parent = path.dirname(at);
    if (parent === at) return true;
    at = parent;
    wanted = 1;
  }
}

/** Our Node at a place that the user can reach: where it is, or else a copy, made once a version. */
export async function reachableNode(account: Account | null): Promise<string> {
  const node = process.execPath;
  if (account === null || (await canReach(account, node))) return node;
  const folder = path.join(SHARED_FOLDER, `node-${process.version}-${process.arch}`);
  const copy = path.join(folder, 'node');
  const [original, made] = await Promise.all([stat(node), stat(copy).catch(() => null)]);
  if (made?.size === original.size) return copy;
  await mkdir(folder, { recursive: true });
  for (const open of [SHARED_FOLDER, folder]) await chmod(open, 0o755);
  const part = `${copy}.${process.pid}`;
  await copyFile(node, part);
  await chmod(part, 0o755);
  await rename(part, copy);
  return copy;
}
