import { accessSync, chmodSync, constants, existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findBinaries } from './postgres-binaries.js';
import type { PostgresBinaries } from './postgres-binaries.js';
import { reachableBinaries } from './reachable-binaries.js';

describe('the PostgreSQL programs', () => {
  it('are found for this platform and can be run', async () => {
    const { version, postgres, initdb } = await findBinaries();
    expect(version).toMatch(/^18\./);
    for (const program of [postgres, initdb]) expect(() => accessSync(program, constants.X_OK)).not.toThrow();
  });

  it('are missed on a platform without any in a sentence that names it and the remedy', async () => {
    await expect(findBinaries('sunos', 'sparc')).rejects.toMatchObject({
      fault: 'BINARIES_MISSING',
      message: expect.stringMatching(/sunos sparc.*DATABASE_URL/) as string,
    });
  });
});

describe('PostgreSQL programs that the account cannot reach', () => {
  let parent: string;
  let binaries: PostgresBinaries;
  let systemFolder: string;
  const stranger = { name: 'stranger', uid: 54_321, gid: 54_321 };

  beforeEach(() => {
    parent = mkdtempSync(path.join(tmpdir(), 'hutong-binaries-'));
    chmodSync(parent, 0o755);
    const folder = path.join(parent, 'closed', 'native');
    for (const name of ['bin', 'lib', 'share']) mkdirSync(path.join(folder, name), { recursive: true });
    chmodSync(path.join(parent, 'closed'), 0o700);
    const program = (name: string): string => path.join(folder, 'bin', name);
    for (const name of ['postgres', 'initdb', 'pg_ctl']) writeFileSync(program(name), `the ${name}`, { mode: 0o700 });
    writeFileSync(path.join(folder, 'lib', 'libpq.so.5.18'), 'library', { mode: 0o600 });
    symlinkSync('libpq.so.5.18', path.join(folder, 'lib', 'libpq.so.5'));
    binaries = { version: '18.4.0', folder, postgres: program('postgres'), initdb: program('initdb'), pgCtl: program('pg_ctl') };
    systemFolder = path.join(parent, 'system');
  });

  afterEach(() => rmSync(parent, { recursive: true }));

  it('are copied once, whole and open to everybody', async () => {
    let copies = 0;
    const reach = (): Promise<PostgresBinaries> => reachableBinaries(binaries, stranger, () => (copies += 1), systemFolder);
    const copy = await reach();
    expect(await reach()).toEqual(copy);
    expect(copies).toBe(1);
    expect(copy.folder.startsWith(systemFolder)).toBe(true);
    expect(readFileSync(copy.postgres, 'utf8')).toBe('the postgres');
    expect(statSync(copy.postgres).mode & 0o777).toBe(0o755);
    expect(statSync(path.join(copy.folder, 'lib', 'libpq.so.5.18')).mode & 0o777).toBe(0o644);
    expect(readlinkSync(path.join(copy.folder, 'lib', 'libpq.so.5'))).toBe('libpq.so.5.18');
  });

  it('are copied again when a file of the copy is missing', async () => {
    const copy = await reachableBinaries(binaries, stranger, () => undefined, systemFolder);
    rmSync(path.join(copy.folder, 'lib', 'libpq.so.5.18'));
    await reachableBinaries(binaries, stranger, () => undefined, systemFolder);
    expect(existsSync(path.join(copy.folder, 'lib', 'libpq.so.5.18'))).toBe(true);
  });

  it('stay where they are once the account can reach them', async () => {
    chmodSync(path.join(parent, 'closed'), 0o755);
    for (const program of [binaries.postgres, binaries.initdb]) chmodSync(program, 0o755);
    expect(await reachableBinaries(binaries, stranger, () => undefined, systemFolder)).toBe(binaries);
    expect(existsSync(systemFolder)).toBe(false);
  });
});
