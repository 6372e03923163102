import type { SubgraphContext } from '@hutong/common';
import type { Engine } from './engine/engine.js';

/** What the resolvers of this subgraph work with. */
export interface AiArtsServices {
  engine: Engine;
}

export type AiArtsContext = SubgraphContext<AiArtsServices>;
