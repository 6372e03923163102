import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(fileURLToPath(new URL('../../../node_modules/.cache/hutong/', import.meta.url)));

const [{ aiArts }, { runSubgraph }] = await Promise.all([import('./subgraph.js'), import('@hutong/common/remote')]);
process.exit(await runSubgraph({ module: aiArts }));
