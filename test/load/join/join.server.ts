// The two subgraphs of the join, in a process of their own.
import { servePreparedSubgraphs } from '../prepared.server.js';
import { joinedSubgraphs } from './join.subgraphs.js';

await servePreparedSubgraphs(joinedSubgraphs());
