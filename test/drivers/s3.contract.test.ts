import { S3Store } from '@hutong/ai-arts/drivers/store/s3';
import { afterAll, describe } from 'vitest';
import { startS3Server, type S3Server } from '../testkit/s3-server.js';
import { s3Settings } from './s3.settings.js';
import { storeContract } from './store.contract.js';

const MIB = 1024 * 1024;

describe('the store on an S3 server', () => {
  let server: S3Server | undefined;
  storeContract(async () => {
    const started = (server = await startS3Server());
    const settings = s3Settings(started.url);
    return {
      open: async () => new S3Store(settings),
      settings: { s3: settings },
      page: 1_000,
      large: 256 * MIB,
      leftovers: async () => started.openUploads().map(({ key }) => key),
      // This server cannot list them for the driver's own sweep; s3.store.test.ts has one that can.
      sweepLater: () => started.abortUploads(),
      // Its listing is in the order of a language.
      listsInOrder: false,
    };
  });
  afterAll(() => server?.stop());
});
