import { DiskStore, type DiskSettings } from '../drivers/store/disk/disk.store.js';
import type { S3Settings } from '../drivers/store/s3/s3.settings.js';
import type { Store } from '../drivers/store/store.js';

/** The settings of one of the drivers. */
export type StoreChoice = { driver: 'disk'; settings: DiskSettings } | { driver: 's3'; settings: S3Settings };

/** The store that was chosen. @throws StoreError when it cannot be opened */
export async function openStore(choice: StoreChoice): Promise<Store> {
  if (choice.driver === 'disk') return DiskStore.open(choice.settings);
  const { S3Store } = await import('../drivers/store/s3/s3.store.js');
  return new S3Store(choice.settings);
}
