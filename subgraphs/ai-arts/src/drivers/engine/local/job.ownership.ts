import { lchownSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Account } from './keeper.plan.js';

/** Gives a folder and all in it to a user; symbolic links are not followed. */
export function giveTo({ uid, gid }: Account, folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) lchownSync(path.join(folder, entry), uid, gid);
  lchownSync(folder, uid, gid);
}
