import { rmSync } from 'node:fs';
import { ownsHome, recordedPlace } from './cluster-place.js';
import { readRecord } from './database-record.js';
import { stopServer } from './postgres-server.js';
import { findServer } from './postmaster-pid.js';
import { openDataFolder } from './running-database.js';
import { withStartLock } from './start-lock.js';

/**
 * Deletes a data folder with its database, wherever that is kept, after stopping a server left on it. For tests and
 * for starting over; everything in the folder is lost.
 */
export async function deleteEmbeddedPostgres(dataDirectory: string): Promise<void> {
  const folder = openDataFolder(dataDirectory);
  await withStartLock(folder, async () => {
    const record = readRecord(folder);
    const place = record && recordedPlace(folder, record);
    if (place && ownsHome(place.home, folder)) {
      const leftover = findServer(place.cluster);
      if (leftover) await stopServer(leftover.pid);
      rmSync(place.home, { recursive: true, force: true });
    }
    rmSync(folder, { recursive: true, force: true });
  });
}
