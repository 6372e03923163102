import type { SubgraphContext } from '@hutong/common';
import type { Store } from './drivers/store/store.js';
import type { Engine } from './engine/engine.js';

/** What the resolvers of this subgraph work with. */
export interface AiArtsServices {
  engine: Engine;
  store: Store;
}

export type AiArtsContext = SubgraphContext<AiArtsServices>;
