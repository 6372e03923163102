import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskStore } from '@hutong/ai-arts/drivers/store/disk';
import { afterAll, describe } from 'vitest';
import { full } from '../testkit/seed.js';
import { storeContract } from './store.contract.js';

const MIB = 1024 * 1024;
const DAY_MS = 24 * 60 * 60 * 1_000;

describe('the store on disk', () => {
  let folder: string;
  storeContract(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hutong-store-'));
    const settings = { folder, leftoverMs: DAY_MS };
    return {
      open: () => DiskStore.open(settings),
      settings: { disk: settings },
      page: 100,
      large: (full ? 1_024 : 256) * MIB,
      leftovers: async () => [...(await readdir(join(folder, 'temporary'))), ...(await readdir(join(folder, 'files'))).filter((name) => name !== 'warm')],
      sweepLater: async () => (await DiskStore.open({ folder, leftoverMs: 0 })).sweep(new AbortController().signal),
      listsInOrder: true,
    };
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
});
