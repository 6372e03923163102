import { CallerTokens, createLog, listen, platformSecret, SettingError, type HttpListener, type Log } from '@hutong/common/process';
import express, { type Request, type Response } from 'express';
import type { ServerResponse } from 'node:http';
import { restCompat } from '../contracts.js';
import { acceptUnencodedTargets } from '../engine/unencoded-target.js';
import { readAloneSettings, type AloneSettings } from './environment.js';
import { GatewayGraph } from './gateway-graph.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const RUNNING_REQUESTS_MS = 30_000;

/**
 * The whole life of a process that serves the contracts alone, over a gateway elsewhere, which may come later. A signal lets
 * running requests finish for 30 s; a second one does not wait. Resolves with the exit code.
 */
export async function runAlone(): Promise<number> {
  const end = Promise.withResolvers<void>();
  let signals = 0;
  for (const signal of SIGNALS) process.on(signal, () => (signals++ > 0 ? process.exit(0) : end.resolve()));
  try {
    const settings = readAloneSettings();
    const log = createLog(settings.logLevel, 'rest-compat');
    const tokens = new CallerTokens(await platformSecret(settings.secret, settings.dataDirectory));
    const graph = new GatewayGraph({ url: settings.gatewayUrl, tokens, log });
    const listener = await serve(graph, settings, end.promise, log);
    process.stdout.write(`rest-compat listens on http://${settings.host}:${listener.port}\n`);
    await end.promise;
    await listener.drain(RUNNING_REQUESTS_MS);
    await graph.close();
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof SettingError ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
    return 1;
  }
}

async function serve(graph: GatewayGraph, { host, port, gatewayUrl, trustedProxies, contracts }: AloneSettings, stopping: Promise<void>, log: Log): Promise<HttpListener> {
  let isStopping = false;
  void stopping.then(() => (isStopping = true));
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  if (trustedProxies.length > 0) app.set('trust proxy', trustedProxies);
  app.use(restCompat({ graph, settings: { ...contracts, gatewayUrl, log } }));
  app.get('/healthz', (_request, response) => void response.json({ status: 'ok' }));
  app.get('/readyz', async (_request, response) => {
    const { ready, message } = isStopping ? { ready: false, message: 'stopping' } : await graph.readiness();
    response.status(ready ? 200 : 503).set('cache-control', 'no-store').json({ status: ready ? 'ready' : 'unavailable', message });
  });
  app.use((_request, response) => void response.status(404).json({ detail: 'There is nothing here.' }));
  // What Express cannot read the target of reaches no handler, and it would answer with a page.
  const unread = (response: ServerResponse) => void response.writeHead(400, { 'content-type': 'application/json; charset=utf-8' }).end('{"detail":"The target of the request is no URL."}');
  const listener = await listen((request, response) => app(request as Request, response as Response, () => unread(response)), { host, port });
  acceptUnencodedTargets(listener.server);
  return listener;
}
