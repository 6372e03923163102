// The subgraphs of the join in a process of their own; prints where each listens, as one line of JSON.
import { CallerTokens, silentLog } from '@hutong/common';
import { serveEndpoint, SubgraphEndpoint } from '@hutong/common/remote';
import { joinedSubgraphs } from './federated-join.subgraphs.js';
import { localConnection } from './federated-join.world.js';
import { SECRET } from './federated-join.secret.js';

const urls: Record<string, string> = {};
for (const { name, schema } of joinedSubgraphs()) {
  const connection = localConnection({ name, schema });
  const { port } = await serveEndpoint(new SubgraphEndpoint({ name, schema, connection }, new CallerTokens(SECRET), silentLog), { host: '127.0.0.1', port: 0 });
  urls[name] = `http://127.0.0.1:${port}`;
}
console.log(JSON.stringify(urls));
