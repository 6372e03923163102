import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createLog, platformSecret, startEmbeddedPostgres, subgraphNames, urlSetting } from '@hutong/common';
import { inheritedEnvironment, readGatewaySettings, type GatewaySettings } from '../environment.js';
import { shownHost } from '../routes/public-origins.js';
import { KeptProcess } from './kept-process.js';
import { startFailureText } from './start-failure.js';
import { hasLostTerminal } from './terminal.js';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
const GATEWAY = fileURLToPath(new URL('../main.js', import.meta.url));

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const complain = (line: string): void => void process.stderr.write(`${line}\n`);

/**
 * The platform as processes of one machine: each subgraph on a free port, the gateway on PORT, their output prefixed. One
 * that dies is started again, unless it never was up: then all are ended. SIGHUP is passed on to the gateway. Another
 * signal ends all, the gateway first, so that running requests find their subgraphs; a second one without waiting for them.
 * Resolves with the exit code.
 */
export async function runSplit(): Promise<number> {
  const ending = new AbortController();
  const end = Promise.withResolvers<number>();
  const stopAll = (code: number) => {
    if (ending.signal.aborted) return;
    ending.abort(new Error('stopped'));
    end.resolve(code);
  };
  const processes: KeptProcess[] = [];
  let gateway: KeptProcess | undefined;
  const onSignal = () => {
    if (ending.signal.aborted) for (const kept of processes) kept.hurry();
    stopAll(0);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  process.on('SIGHUP', () => {
    if (hasLostTerminal()) onSignal();
    else gateway?.signal('SIGHUP');
  });
  const opened = new AsyncDisposableStack();
  try {
    const settings = readGatewaySettings();
    const environment = await commonEnvironment(settings, ending.signal, opened, (reason) => {
      say(reason);
      stopAll(1);
    });
    const start = (name: string, file: string, own: Record<string, string>) => {
      const kept = new KeptProcess({ name, file, environment: { ...environment, ...own }, say, complain, onDeadOnArrival: () => stopAll(1) });
      processes.push(kept);
      return kept;
    };
    opened.defer(async () => void (await Promise.all(processes.map((kept) => kept.stop()))));
    for (const name of subgraphNames) start(name, fileURLToPath(import.meta.resolve(`@hutong/${name}/main`)), { PORT: new URL(environment[urlSetting(name)]!).port, HOST: '127.0.0.1' });
    gateway = start('gateway', GATEWAY, { PORT: String(settings.port), HOST: settings.host });
    opened.defer(async () => gateway?.stop());
    return await end.promise;
  } catch (error) {
    if (ending.signal.aborted) return 0;
    complain(startFailureText(error));
    return 1;
  } finally {
    await opened.disposeAsync();
  }
}

async function commonEnvironment(settings: GatewaySettings, signal: AbortSignal, opened: AsyncDisposableStack, onDatabaseLost: (reason: string) => void): Promise<Record<string, string | undefined>> {
  const { dataDirectory, databaseUrl, databaseUrls, logLevel } = settings;
  const notebookPort = settings.notebookPort === 0 ? await freePort() : settings.notebookPort;
  const notebooks = { NOTEBOOK_PORT: String(notebookPort), NOTEBOOK_ORIGIN: settings.notebookOrigin ?? `http://${shownHost(settings.host)}:${notebookPort}` };
  const environment = { ...inheritedEnvironment(), ...notebooks, HUTONG_SECRET: await platformSecret(settings.secret, dataDirectory) };
  const urls = await Promise.all(subgraphNames.map(async (name) => [urlSetting(name), `http://127.0.0.1:${await freePort()}`] as const));
  if (databaseUrl !== undefined || !Object.values(databaseUrls).includes(undefined)) return { ...environment, ...Object.fromEntries(urls) };
  const database = await startEmbeddedPostgres({ dataDirectory, onProgress: say, onExit: onDatabaseLost, log: createLog(logLevel, 'split'), signal });
  opened.defer(() => database.stop());
  return { ...environment, ...Object.fromEntries(urls), DATABASE_URL: database.url };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
