import { lchownSync, lstatSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** A system user and its group. */
interface Account {
  uid: number;
  gid: number;
}

/** Gives a folder and all in it to a user, but for files that have another name elsewhere; symbolic links are not followed. */
export function giveTo(account: Account, folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) give(account, path.join(folder, entry));
  give(account, folder);
}

function give({ uid, gid }: Account, file: string): void {
  const facts = lstatSync(file);
  if (facts.isDirectory() || facts.nlink === 1) lchownSync(file, uid, gid);
}
