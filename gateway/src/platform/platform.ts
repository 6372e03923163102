import { setTimeout as delay } from 'node:timers/promises';
import { platformSecret, type Log } from '@hutong/common';
import type { Metrics, MetricsSource } from '@hutong/common/telemetry';
import type { GatewaySettings } from '../environment.js';
import { plannerPool } from '../federation/planning/planner.pool.js';
import { PublicOrigins } from '../routes/public-origins.js';
import { embeddedDatabase, needsEmbeddedDatabase } from './embedded-database.js';
import { openTelemetry } from './telemetry.js';

/** A part that takes longer to stop is left behind; running requests have 30 s of it. */
const LONGEST_STOP_MS = 45_000;

/** Where the start tells what it does. */
export interface Terminal {
  say: (line: string) => void;
}

/** The running platform. */
export interface Platform {
  readonly port: number;
  /** The first admin, when this start made it. */
  readonly admin: { username: string; password: string } | undefined;
  /** Reads the supergraph again, and goes on with it when it has changed and fits; the log says what became of it. */
  reload(): Promise<void>;
  /** Requests finish, subgraphs stop, the database last. */
  stop(): Promise<void>;
  /** The database at once, for a process that will not wait for the rest. */
  stopDatabase(): Promise<void>;
}

export interface PlatformStart {
  settings: GatewaySettings;
  terminal: Terminal;
  log: Log;
  /** Aborted when the start is to be given up; what was started is stopped. */
  signal: AbortSignal;
  /** Called when the embedded database is lost while the platform runs. */
  onDatabaseLost: (reason: string) => void;
  /** Of one of several processes: resolves when all have been up; it is not ready before. */
  othersUp?: Promise<void>;
  /** What is shown of the metrics of this process; they themselves where it is not given. */
  metricsOf?: (own: Metrics) => MetricsSource;
}

/** Brings everything up in this process; what was started is stopped again when a later part cannot be. */
export async function startPlatform(start: PlatformStart): Promise<Platform> {
  const { settings, log, signal } = start;
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (let last = stops.pop(); last; last = stops.pop()) {
      // Whatever a part makes of its stop, those below it are stopped too, the database above all.
      await Promise.race([last(), delay(LONGEST_STOP_MS, undefined, { ref: false })]).catch((err: unknown) => log.error({ err }, 'a part could not be stopped cleanly'));
    }
  };
  try {
    const [{ openSubgraphs, checkSettings }, { serveGraph }] = await Promise.all([import('./open-subgraphs.js'), import('./serve-graph.js')]);
    const urls = settings.subgraphUrls;
    checkSettings(urls);
    plannerPool.start();
    const telemetry = await openTelemetry(settings, log, start.metricsOf);
    stops.push(() => telemetry.stop());
    const database = needsEmbeddedDatabase(settings) ? await embeddedDatabase(start) : undefined;
    const stopDatabase = async () => database?.stop();
    stops.push(stopDatabase);
    signal.throwIfAborted();
    const databaseUrlOf = (name: string) => settings.databaseUrls[name] ?? settings.databaseUrl ?? database!.url;
    const secret = await platformSecret(settings.secret, settings.dataDirectory);
    const origins = new PublicOrigins(settings);
    const subgraphs = await openSubgraphs({ databaseUrlOf, secret, urls, timeoutMs: settings.subgraphTimeoutMs, sharesQueries: settings.subgraphSharedQueries, client: settings.subgraphClient, notebookOrigin: () => origins.ofNotebooks, uploads: settings.uploads, log });
    stops.push(() => subgraphs.stop());
    signal.throwIfAborted();
    const served = await serveGraph(subgraphs, { settings, origins, log, metrics: telemetry.metrics });
    stops.push(() => served.stop());
    signal.throwIfAborted();
    // Last, when nothing can fail any more: a password that was made up is shown by the start that made it or never.
    const admin = await subgraphs.services.machines?.users.ensureAdmin(settings.adminPassword);
    if (start.othersUp) void start.othersUp.then(() => served.started());
    else served.started();
    return { port: served.port, admin: admin?.created ? { username: admin.username!, password: admin.password! } : undefined, reload: () => served.reload(), stop, stopDatabase };
  } catch (error) {
    await stop();
    throw error;
  }
}
