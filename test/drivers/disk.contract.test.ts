import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskStore } from '@hutong/ai-arts/drivers/store/disk';
import { afterAll, describe } from 'vitest';
import { storeContract } from './store.contract.js';

const DAY_MS = 24 * 60 * 60 * 1_000;

describe('the store on disk', () => {
  let folder: string;
  storeContract(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hutong-store-'));
    return {
      open: (swept) => DiskStore.open({ folder, leftoverMs: swept === 'at once' ? 0 : DAY_MS }),
      page: 100,
      leftovers: async () => [...(await readdir(join(folder, 'temporary'))), ...(await readdir(join(folder, 'files')))],
      presigns: false,
    };
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
});
