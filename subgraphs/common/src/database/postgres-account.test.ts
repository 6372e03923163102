import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canReach, findAccount } from './postgres-account.js';
import type { AccountSource } from './postgres-account.js';

const ROOT = 'root:x:0:0:root:/root:/bin/bash\n';
const NOBODY = 'nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin\n';
const POSTGRES = 'postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash\n';

/** A system with this password file, on which only the named program exists; it adds the user hutong. */
function systemWith(passwd: string, program?: string): AccountSource & { ran: string[] } {
  const ran: string[] = [];
  let text = passwd;
  return {
    ran,
    readPasswd: () => text,
    run: (name) => {
      ran.push(name);
      if (name !== program) throw new Error(`${name}: not found`);
      text += 'hutong:x:999:998::/var/lib/hutong:/bin/false\n';
    },
  };
}

describe('the account that PostgreSQL runs as under root', () => {
  it('is the system\'s postgres user where there is one, and nothing is created', () => {
    const source = systemWith(ROOT + POSTGRES + NOBODY, 'useradd');
    expect(findAccount(source)).toEqual({ name: 'postgres', uid: 101, gid: 104 });
    expect(source.ran).toEqual([]);
  });

  it('is not a postgres user that is root by another name', () => {
    expect(findAccount(systemWith(`postgres:x:0:0::/:/bin/sh\n${NOBODY}`)).name).toBe('nobody');
  });

  it.each(process.platform === 'linux' ? ['useradd', 'adduser'] : [])('is created by %s where that exists', (program) => {
    expect(findAccount(systemWith(ROOT + NOBODY, program))).toEqual({ name: 'hutong', uid: 999, gid: 998 });
  });

  it('is nobody where none can be created', () => {
    expect(findAccount(systemWith(ROOT + NOBODY))).toEqual({ name: 'nobody', uid: 65534, gid: 65533 });
  });

  it('is refused with the remedy where there is none at all', () => {
    expect(() => findAccount(systemWith(ROOT))).toThrow(/DATABASE_URL/);
  });
});

describe('reaching a file', () => {
  let folder: string;
  const stranger = { name: 'stranger', uid: 54_321, gid: 54_321 };

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'hutong-reach-'));
    mkdirSync(path.join(folder, 'inner'), { mode: 0o755 });
    writeFileSync(path.join(folder, 'inner', 'file'), '');
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it('fails below a folder that others may not enter', () => {
    chmodSync(folder, 0o700);
    expect(canReach(stranger, path.join(folder, 'inner'))).toBe(false);
    chmodSync(folder, 0o711);
    expect(canReach(stranger, path.join(folder, 'inner'))).toBe(true);
  });

  it('goes by the owner\'s permission for the owner and the group\'s for the group', () => {
    chmodSync(folder, 0o755);
    const file = path.join(folder, 'inner', 'file');
    const { uid, gid } = statSync(file);
    chmodSync(file, 0o640);
    expect(canReach({ ...stranger, uid }, file, 6)).toBe(true);
    expect(canReach({ ...stranger, gid }, file, 4)).toBe(true);
    expect(canReach({ ...stranger, gid }, file, 6)).toBe(false);
    expect(canReach(stranger, file, 4)).toBe(false);
  });
});
