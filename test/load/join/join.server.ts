// The two subgraphs of the join, in a process of their own.
import { servePreparedSubgraphs } from '../prepared.server.ts';
import { joinedSubgraphs } from './join.subgraphs.ts';

await servePreparedSubgraphs(joinedSubgraphs());
