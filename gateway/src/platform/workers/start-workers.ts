import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { listen, type ListenAddress } from '@hutong/common';
import type { GatewaySettings } from '../../environment.js';
import { embeddedDatabase, needsEmbeddedDatabase } from '../embedded-database.js';
import type { Platform, PlatformStart } from '../platform.js';
import { CollectedMetrics } from './collected-metrics.js';
import { KeptWorker } from './kept-worker.js';
import type { FromWorker } from './worker.messages.js';

const MAIN = fileURLToPath(new URL('../../main.js', import.meta.url));

/**
 * The platform as several processes that share its ports: this one has the embedded database and keeps the workers, each of which is
 * the whole platform. The first one is started alone, so that what is made once is made by one, and what cannot be is told once.
 */
export async function startWorkers(start: PlatformStart): Promise<Platform> {
  const { settings, log, signal } = start;
  const ports = await freePorts(settings);
  const database = needsEmbeddedDatabase(settings) ? await embeddedDatabase(start) : undefined;
  const metrics = new CollectedMetrics();
  const workers: KeptWorker[] = [];
  const areUp = (): boolean => workers.length === settings.workers && workers.every(({ isUp }) => isUp);
  let wereUp = false;
  const onMessage = async (message: FromWorker, from: KeptWorker): Promise<void> => {
    if (message.hutong === 'metrics') return metrics.hear(from, message.id, message.values);
    if (message.hutong === 'collect metrics') return from.tell({ hutong: 'metrics of all', id: message.id, values: await metrics.collect(workers.filter(({ isUp }) => isUp)) });
    if (wereUp) return from.tell({ hutong: 'all are up' });
    wereUp = areUp();
    if (wereUp) for (const worker of workers) worker.tell({ hutong: 'all are up' });
  };
  const stopWorkers = async (): Promise<void> => void (await Promise.all(workers.map((worker) => worker.stop())));
  const giveUp = (): void => void stopWorkers();
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    signal.throwIfAborted();
    cluster.setupPrimary({ exec: MAIN, args: [] });
    const environment = { ...ports, ...(database ? { DATABASE_URL: database.url } : {}) };
    const startOne = () => {
      const worker = new KeptWorker({ environment, onMessage: (message, from) => void onMessage(message, from), log });
      workers.push(worker);
      return worker.start();
    };
    const { port, admin } = await startOne();
    await Promise.all(Array.from({ length: settings.workers - 1 }, startOne));
    signal.throwIfAborted();
    return {
      port,
      admin,
      async reload() {
        for (const worker of workers) worker.tell({ hutong: 'reload' });
      },
      async stop() {
        await stopWorkers();
        await database?.stop();
      },
      async stopDatabase() {
        for (const worker of workers) worker.kill();
        await database?.stop();
      },
    };
  } catch (error) {
    await stopWorkers();
    await database?.stop();
    throw error;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

/** The ports that workers will share, all of them free. @throws ListenError when one is not, as workers would listen there beside another program */
async function freePorts({ host, port, notebookPort, metricsPort }: GatewaySettings): Promise<Record<string, string>> {
  const chosen = { PORT: await freePort({ host, port }), NOTEBOOK_PORT: await freePort({ host, port: notebookPort, setting: 'NOTEBOOK_PORT' }) };
  if (metricsPort !== undefined) await freePort({ host, port: metricsPort, setting: 'METRICS_PORT' });
  return chosen;
}

async function freePort(address: ListenAddress): Promise<string> {
  const { port, drain } = await listen(() => undefined, address);
  await drain(0);
  return String(port);
}
