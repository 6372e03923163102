// Hive Gateway as its command line starts it, in one process. Arguments: what every measured gateway is given, the planner
// (js or rust), and whether equal requests and fetches in flight are shared (shared or unshared).
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createGatewayRuntime, createLoggerFromLogging } from '@graphql-hive/gateway';
import { given, measured } from '../measured.process.ts';

const [, planner, sharing] = process.argv.slice(2);
const { supergraphFile } = given();
const { unifiedGraphHandler } = planner === 'rust' ? await import('@graphql-hive/router-runtime') : {};
const runtime = createGatewayRuntime({
  supergraph: await readFile(supergraphFile, 'utf8'),
  graphiql: false,
  landingPage: false,
  logging: createLoggerFromLogging('error'),
  ...(unifiedGraphHandler ? { unifiedGraphHandler } : {}),
  ...(sharing === 'shared' ? { inboundInflightRequestDeduplication: true } : { transportEntries: { '*.http': { options: { deduplicateInflightRequests: false } } } }),
});
await runtime.getSchema();
const server = createServer((request, response) => void runtime(request, response));
server.listen(0, '127.0.0.1', () => {
  measured(`http://127.0.0.1:${server.address().port}/graphql`);
});
