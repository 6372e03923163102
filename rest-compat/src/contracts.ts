import type { GraphQLSchema } from 'graphql';
import { Router } from 'express';
import { aiArts } from './ai-arts/contract.js';
import { cloudApi } from './cloud-api/contract.js';
import type { Contract } from './engine/contract.js';
import { operationFaults } from './engine/operations.check.js';
import { createRouter, type RestCompatOptions } from './engine/router.js';
import { interconnect } from './interconnect/contract.js';
import { docsRouter } from './openapi/docs.router.js';
import { openApiRouter } from './openapi/openapi.router.js';
import { simpleServer } from './simple-server/contract.js';

/** Every legacy contract that is served. */
export const contracts: readonly Contract[] = [interconnect, simpleServer, cloudApi, aiArts];

/**
 * The legacy routes, their OpenAPI documents and the page to read them as an express router; see createRouter for how to mount it.
 *
 * @example
 * app.use(restCompat({ graph, settings: { log } }));
 */
export function restCompat(options: Omit<RestCompatOptions, 'contracts'>): Router {
  return Router().use(createRouter({ ...options, contracts }), openApiRouter(contracts), docsRouter(contracts, options.settings.playground));
}

/** Checks every stored operation of every contract against the graph's API schema; one sentence for each fault. */
export function checkOperations(schema: GraphQLSchema): string[] {
  return operationFaults(contracts, schema);
}
