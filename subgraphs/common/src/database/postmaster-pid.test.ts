import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { disownStalePid, findServer, readPostmasterPid } from './postmaster-pid.js';

describe('postmaster.pid', () => {
  let cluster: string;
  const write = (text: string): void => writeFileSync(path.join(cluster, 'postmaster.pid'), text);

  beforeEach(() => (cluster = mkdtempSync(path.join(tmpdir(), 'hutong-pid-'))));
  afterEach(() => rmSync(cluster, { recursive: true }));

  it('tells process, port and state of a server', () => {
    write('4711\n/data/postgres\n1763690000\n35985\n\n127.0.0.1\n  1234567    98304\nready   \n');
    expect(readPostmasterPid(cluster)).toEqual({ pid: 4711, port: 35985, status: 'ready' });
  });

  it('is understood while the server is still writing it', () => {
    write('4711\n/data/postgres\n1763690000\n');
    expect(readPostmasterPid(cluster)).toEqual({ pid: 4711, port: undefined, status: '' });
  });

  it('tells nothing when missing, empty or not a number', () => {
    expect(readPostmasterPid(cluster)).toBeUndefined();
    for (const text of ['', '\n', 'rubbish\n', '-4711\n', '0\n']) {
      write(text);
      expect(readPostmasterPid(cluster)).toBeUndefined();
    }
  });

  it('is no server when its process is another program', () => {
    write(`${process.pid}\n${cluster}\n1763690000\n35985\n`);
    expect(findServer(cluster)).toBeUndefined();
  });

  it('keeps the shared memory key when its stale process id is taken out', () => {
    write(`${process.pid}\n/data\n1\n35985\n\n127.0.0.1\n  1234567    98304\nready   \n`);
    disownStalePid(cluster);
    expect(readFileSync(path.join(cluster, 'postmaster.pid'), 'utf8')).toBe(
      '2147483647\n/data\n1\n35985\n\n127.0.0.1\n  1234567    98304\nready   \n',
    );
  });
});
