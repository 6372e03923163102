import { badInput, notFound, type Log } from '@hutong/common';
import { METRICS_PATH, type MetricsAnswer } from '@hutong/common/telemetry';
import express, { type Express, type Request, type RequestHandler, type Response, type Router } from 'express';
import type { RequestListener } from 'node:http';
import { failed, refuse } from './failure.js';
import type { GraphqlRoute } from './graphql-route.js';
import { healthRoute, readinessRoute, type Readiness } from './readiness.js';
import { identify } from './request-id.js';

export interface AppOptions {
  /** The legacy contracts; they read their own requests, so nothing stands in front of them. */
  legacy?: Router;
  /** The routes of subgraphs, which a legacy contract may pass a request on to. */
  routes?: RequestHandler;
  /** What answers other processes of the platform. */
  internal?: readonly RequestHandler[];
  graphql: GraphqlRoute;
  playground?: Router;
  readiness: Readiness;
  /** Served at `/metrics` when it is given. */
  metrics?: MetricsAnswer | undefined;
  /** Networks whose `X-Forwarded-For` counts. */
  trustedProxies: readonly string[];
  log: Log;
}

/** Everything that answers HTTP. */
export function createApp({ routes, legacy, internal = [], graphql, playground, readiness, metrics, trustedProxies, log }: AppOptions): RequestListener {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  if (trustedProxies.length > 0) app.set('trust proxy', [...trustedProxies]);
  if (legacy) app.use(legacy);
  if (routes) app.use(routes);
  app.use(identified);
  for (const handler of internal) app.use(handler);
  app.use(graphql.router);
  app.get('/healthz', healthRoute);
  app.get('/readyz', readinessRoute(readiness));
  if (metrics) app.get(METRICS_PATH, (request, response) => metrics.answer(request, response));
  if (playground) app.use(playground);
  app.use(nothingHere);
  app.use(failed(log));
  return graphql.usual(answeredBy(app));
}

/** Has an app answer requests; those whose target is no URL, such as `http://`, reach none of its handlers, and Express would answer them with a page. */
export const answeredBy =
  (app: Express): RequestListener =>
  (request, response) =>
    app(request as Request, response as Response, () => {
      if (response.headersSent) return void response.destroy();
      identify(request, response as Response);
      refuse(request, response, badInput({ problem: 'the target of the request is no URL' }));
    });

const identified: RequestHandler = (request, response, next) => {
  identify(request, response);
  next();
};

/** For what nobody answers. */
export const nothingHere: RequestHandler = (request, response) => {
  refuse(request, response, notFound({ what: `${request.method} ${request.path.slice(0, 200)}` }));
};
