import type { SubgraphModule } from '@hutong/common';
import { computeRegistry } from '@hutong/compute-registry';
import { machines } from '@hutong/machines';
import { scheduling } from '@hutong/scheduling';

/** The subgraphs of the platform. Importing this opens nothing. */
export const platformModules = { computeRegistry, machines, scheduling } satisfies Record<string, SubgraphModule>;
