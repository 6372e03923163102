import { listen, type HttpListener, type Log } from '@hutong/common';
import express, { type Express } from 'express';
import { answeredBy, nothingHere } from '../http/app.js';
import { clientAddress } from '../http/client-address.js';
import { failed } from '../http/failure.js';
import { refuseUpgrade } from '../subscriptions/websocket-endpoint.js';
import { observed } from '../telemetry/http-exchange.js';
import type { SubgraphRoutes } from './subgraph-routes.js';

export interface RouteListenerOptions {
  routes: SubgraphRoutes;
  host: string;
  port: number;
  /** Whether other workers listen there, too. */
  isShared: boolean;
  trustedProxies: readonly string[];
  log: Log;
}

/**
 * Listens for the routes that have an origin of their own, on which there is nothing else: what a stranger's page does there
 * reaches neither the graph nor the legacy contracts with anybody's credential.
 *
 * @throws ListenError
 */
export async function listenForNotebooks({ routes, host, port, isShared, trustedProxies, log }: RouteListenerOptions): Promise<HttpListener> {
  const app: Express = express();
  app.disable('x-powered-by');
  app.disable('etag');
  if (trustedProxies.length > 0) app.set('trust proxy', [...trustedProxies]);
  app.use(routes.handler('notebook'), nothingHere, failed(log));
  const listener = await listen(observed(answeredBy(app)), { host, port, isShared, setting: 'NOTEBOOK_PORT' });
  const addressOf = clientAddress(trustedProxies);
  listener.server.on('upgrade', (request, socket, head) => {
    socket.on('error', (err) => log.debug({ err }, 'a connection failed'));
    if (!routes.upgrade('notebook', request, socket, head, addressOf(request))) refuseUpgrade(socket, 404);
  });
  return listener;
}
