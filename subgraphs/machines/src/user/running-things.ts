import type { RequestScope } from '@hutong/common';
import { userOwnsRunningThings } from '../errors.js';
import type { User } from './user.entity.js';

/**
 * Subgraphs that are asked before a user is deleted. One that comes to own running things joins the list and answers
 * the peer query `ownsRunningThings(userId: ID!): Boolean!`.
 */
const OWNERS_OF_RUNNING_THINGS = ['scheduling', 'cloud-vm', 'ai-arts'] as const;

const OWNS_RUNNING_THINGS = 'query OwnsRunningThings($userId: ID!) { ownsRunningThings(userId: $userId) }';

/** Throws USER_OWNS_RUNNING_THINGS when a subgraph says so; SUBGRAPH_UNAVAILABLE when one that would know is down. */
export async function requireNoRunningThings(scope: RequestScope, user: User): Promise<void> {
  const asked = OWNERS_OF_RUNNING_THINGS.filter((subgraph) => scope.peers.has(subgraph));
  await Promise.all(
    asked.map(async (subgraph) => {
      const answer = await scope.peers.call<{ ownsRunningThings: boolean }>(scope, {
        subgraph,
        document: OWNS_RUNNING_THINGS,
        variables: { userId: user.id },
      });
      if (answer.ownsRunningThings) throw userOwnsRunningThings({ username: user.username, subgraph });
    }),
  );
}
