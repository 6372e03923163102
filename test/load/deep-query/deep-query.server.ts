// The four subgraphs of the deep query, in a process of their own.
import { servePreparedSubgraphs } from '../prepared.server.js';
import { deepSubgraphs } from './deep-query.subgraphs.js';

await servePreparedSubgraphs(deepSubgraphs());
