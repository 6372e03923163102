import { runSplit } from './platform/run-split.js';

process.exit(await runSplit());
