import type { GatewayProgram } from './measured.gateway.js';

/** This platform's gateway, and @apollo/gateway, each as it is shipped. */
export const ours: GatewayProgram = { file: 'ours.gateway.ts' };
export const apollo: GatewayProgram = { file: 'apollo.gateway.ts' };

/** Ours with metrics, and with hooks for traces. */
export const oursWatched: GatewayProgram = { ...ours, options: ['watched'] };
/** Our plans without limits, identity, hooks and error paths. */
export const unguarded: GatewayProgram = { file: 'unguarded.gateway.ts' };
