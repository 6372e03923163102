import { DiskStore, type DiskSettings } from '../drivers/store/disk/disk.store.js';
import type { Store } from '../drivers/store/store.js';
import type { AiArtsSettings } from '../environment.js';

export interface StoreChoice {
  driver: AiArtsSettings['store'];
  disk: DiskSettings;
}

/** The store that the settings name. @throws StoreError when it cannot be opened */
export function openStore({ disk }: StoreChoice): Promise<Store> {
  return DiskStore.open(disk);
}
