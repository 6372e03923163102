import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/hutong/', import.meta.url)));

const { runAlone } = await import('./alone/run-alone.js');
process.exit(await runAlone());
