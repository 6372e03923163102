export * from './http-server.js';
export * from './test-database.js';
export * from './test-subgraph.js';
