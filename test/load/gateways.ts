import type { GatewayProgram } from './measured.gateway.js';

/** This platform's gateway, and @apollo/gateway, each as it is shipped. */
export const ours: GatewayProgram = { file: 'ours.gateway.ts' };
export const apollo: GatewayProgram = { file: 'apollo.gateway.ts' };
