import { Client } from 'pg';
import { actor, admin, type Actor } from './actor.js';
import type { PlatformCloud } from './platform-cloud.js';
import { startPlatform, type Platform } from './platform.js';
import { until } from './processes.js';
import { MachineUser } from './virtual-machine.js';

/** A platform on a cloud of its own, with people who use virtual machines. */
export interface MachineWorld<Username extends string> {
  cloud: PlatformCloud;
  platform: Platform;
  root: Actor;
  users: Record<Username, MachineUser>;
  /** Nobody's turn comes while the work runs, or until it frees the cloud, as in a cloud that is busy. */
  whileTheCloudIsBusy<Result>(work: (free: () => Promise<unknown>) => Promise<Result>): Promise<Result>;
  /** Destroys what the users have left, and waits until the cloud holds nothing. */
  clear(): Promise<void>;
  dispose(): Promise<void>;
}

/** `environment` are settings beyond those of the cloud. */
export async function machineWorld<Username extends string>(cloud: PlatformCloud, usernames: readonly Username[], environment: Record<string, string>): Promise<MachineWorld<Username>> {
  await using opened = new AsyncDisposableStack();
  opened.defer(() => cloud.remove());
  const platform = await startPlatform({ environment: { ...cloud.environment, ...environment } });
  opened.defer(() => platform.dispose());
  const root = await admin(platform);
  const users = {} as Record<Username, MachineUser>;
  for (const username of usernames) users[username] = new MachineUser(await actor(root, username), cloud);
  const ending = opened.move();
  return {
    cloud,
    platform,
    root,
    users,
    async whileTheCloudIsBusy(work) {
      const turns = new Client({ connectionString: platform.databaseUrl });
      await turns.connect();
      try {
        await turns.query("select pg_advisory_lock(hashtextextended('hutong cloud-vm turn', 0))");
        return await work(() => turns.query('select pg_advisory_unlock_all()'));
      } finally {
        await turns.end();
      }
    },
    async clear() {
      for (const username of usernames) for (const { id } of await users[username].list()) await users[username].destroy(id);
      await until('nothing to be left', async () => (await cloud.holdings()).length === 0);
    },
    dispose: () => ending.disposeAsync(),
  };
}
