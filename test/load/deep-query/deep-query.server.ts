// The four subgraphs of the deep query, in a process of their own.
import { servePreparedSubgraphs } from '../prepared.server.ts';
import { deepSubgraphs } from './deep-query.subgraphs.ts';

await servePreparedSubgraphs(deepSubgraphs());
