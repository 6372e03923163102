import cluster from 'node:cluster';
import { createLog, type Log } from '@hutong/common';
import { readGatewaySettings, type GatewaySettings } from '../environment.js';
import { banner } from './banner.js';
import { startPlatform, type Platform } from './platform.js';
import { settleMemory } from '../settled-memory.js';
import { startFailureText } from './start-failure.js';
import { hasLostTerminal } from './terminal.js';
import { WorkerEnded } from './workers/kept-worker.js';
import { runWorker } from './workers/run-worker.js';
import { startWorkers } from './workers/start-workers.js';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** The whole life of the process: start, banner, the supergraph again on SIGHUP, and on another signal the way down. Resolves with the exit code. */
export async function run(): Promise<number> {
  try {
    const settings = readGatewaySettings();
    const log = createLog(settings.logLevel, 'hutong');
    return cluster.isWorker ? await runWorker(settings, log) : await live(settings, log);
  } catch (error) {
    if (!(error instanceof WorkerEnded)) process.stderr.write(`${startFailureText(error)}\n`);
    return 1;
  }
}

async function live(settings: GatewaySettings, log: Log): Promise<number> {
  const ending = new AbortController();
  const end = Promise.withResolvers<number>();
  let platform: Platform | undefined;
  const onSignal = () => {
    if (!ending.signal.aborted) {
      ending.abort(new Error('stopped while starting'));
      end.resolve(0);
    } else {
      // Whoever asks twice does not want to wait for running requests; a database is never left behind.
      void platform?.stopDatabase().finally(() => process.exit(0));
    }
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  process.on('SIGHUP', () => {
    if (hasLostTerminal()) onSignal();
    else void platform?.reload();
  });
  // Started by `npm run start:split`, which has gone.
  if (process.connected) process.once('disconnect', onSignal);
  const onDatabaseLost = (reason: string) => {
    process.stderr.write(`${reason}\n`);
    end.resolve(1);
  };
  try {
    const start = settings.workers > 1 ? startWorkers : startPlatform;
    platform = await start({ settings, terminal: { say }, log, signal: ending.signal, onDatabaseLost });
  } catch (error) {
    if (ending.signal.aborted) return 0;
    throw error;
  }
  say(bannerOf(platform, settings));
  // To whoever keeps this process.
  process.send?.('up');
  settleMemory();
  const code = await end.promise;
  say('Stopping…');
  await platform.stop();
  return code;
}

function bannerOf({ port, admin }: Platform, { host, playground, production, adminPassword, workers }: GatewaySettings): string {
  const shown = admin && { username: admin.username, password: adminPassword === undefined ? admin.password : undefined };
  return banner({ host, port, playground, production, admin: shown, workers, seconds: process.uptime() });
}
