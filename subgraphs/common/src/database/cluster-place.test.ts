import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { choosePlace, findPlace } from './cluster-place.js';
import type { ClusterPlace } from './cluster-place.js';
import { readRecord, writeRecord } from './database-record.js';

describe('the place of a database whose data folder is closed to the account', () => {
  let parent: string;
  let folder: string;
  let setAside: string[];
  const stranger = { name: 'stranger', uid: 54_321, gid: 54_321 };

  beforeEach(() => {
    parent = realpathSync(mkdtempSync(path.join(tmpdir(), 'hutong-place-')));
    chmodSync(parent, 0o755);
    folder = path.join(parent, 'closed', 'data');
    mkdirSync(folder, { recursive: true });
    chmodSync(path.join(parent, 'closed'), 0o700);
    setAside = [];
  });

  afterEach(() => rmSync(parent, { recursive: true }));

  const choose = (): Promise<ClusterPlace> =>
    choosePlace(
      folder,
      stranger,
      (_, to) => {
        setAside.push(to);
        return Promise.resolve();
      },
      path.join(parent, 'system'),
    );

  /** Stands for initdb. */
  async function create(): Promise<ClusterPlace> {
    const place = await choose();
    mkdirSync(place.cluster);
    writeFileSync(path.join(place.cluster, 'PG_VERSION'), '18\n');
    writeRecord(folder, { password: 'secret', home: place.home, created: true });
    return place;
  }

  it('is a folder of the system, found again by the record', async () => {
    const place = await create();
    expect(place.home.startsWith(path.join(parent, 'system'))).toBe(true);
    expect(findPlace(folder, readRecord(folder))).toEqual(place);
  });

  it('stays when the data folder is moved', async () => {
    const place = await create();
    const moved = path.join(parent, 'moved');
    renameSync(folder, moved);
    expect(findPlace(moved, readRecord(moved))).toEqual(place);
    expect(findPlace(moved, readRecord(moved))).toEqual(place);
  });

  it('is refused to a copy of the data folder', async () => {
    await create();
    const copy = path.join(parent, 'copy');
    cpSync(folder, copy, { recursive: true });
    expect(() => findPlace(copy, readRecord(copy))).toThrow(`${copy} is a copy of ${folder}`);
  });

  it('is new after the data folder was deleted, and the old database is set aside', async () => {
    await create();
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    const place = await choose();
    expect(existsSync(place.cluster)).toBe(false);
    expect(setAside).toHaveLength(1);
    expect(existsSync(path.join(setAside[0]!, 'PG_VERSION'))).toBe(true);
  });

  it('is the data folder itself for a normal user', async () => {
    expect((await choosePlace(folder, undefined, () => Promise.resolve())).home).toBe(folder);
  });
});

describe('a data folder\'s record', () => {
  it('is refused when damaged, with its path', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'hutong-record-'));
    try {
      writeFileSync(path.join(folder, 'database.json'), '{"password":');
      expect(() => readRecord(folder)).toThrow(path.join(folder, 'database.json'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
