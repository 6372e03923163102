import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GatewayProgram } from './measured.gateway.js';

const { scripts } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as { scripts: { start: string } };
/** The options of Node.js that `npm start` has. */
const node = scripts.start.split(' ').filter((word) => word.startsWith('--'));

/** This platform's gateway, and @apollo/gateway, each as it is shipped. */
export const ours: GatewayProgram = { file: 'ours.gateway.ts', node };
export const apollo: GatewayProgram = { file: 'apollo.gateway.ts' };

/** Ours with metrics, and with hooks for traces. */
export const oursWatched: GatewayProgram = { ...ours, options: ['watched'] };
/** Our plans without limits, identity, hooks and error paths. */
export const unguarded: GatewayProgram = { file: 'unguarded.gateway.ts', node };
