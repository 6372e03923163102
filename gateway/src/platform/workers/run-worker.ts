import type { Log } from '@hutong/common';
import type { GatewaySettings } from '../../environment.js';
import { startPlatform, type Platform } from '../platform.js';
import { settleMemory } from '../../settled-memory.js';
import { WorkerChannel } from './worker.channel.js';

/**
 * The whole life of a worker: the platform on the port that all workers share, for as long as the first process wishes. Signals are
 * for that one, which a terminal sends to all; when it is gone, Node ends its workers. Resolves with the exit code.
 */
export async function runWorker(settings: GatewaySettings, log: Log): Promise<number> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  const channel = new WorkerChannel();
  const ending = new AbortController();
  void channel.stopped.then(() => ending.abort(new Error('stopped while starting')));
  let platform: Platform;
  try {
    platform = await startPlatform({
      settings,
      terminal: { say: () => undefined },
      log,
      signal: ending.signal,
      onDatabaseLost: () => undefined,
      othersUp: channel.allUp,
      metricsOf: (own) => channel.metricsOfAll(own),
    });
  } catch (error) {
    if (ending.signal.aborted) return 0;
    throw error;
  }
  channel.onReload = () => void platform.reload();
  channel.tell({ hutong: 'up', port: platform.port, admin: platform.admin });
  settleMemory();
  await channel.stopped;
  await platform.stop();
  return 0;
}
