import type { SubgraphModule } from '@hutong/common';
import { aiArts } from '@hutong/ai-arts';
import { cloudVm } from '@hutong/cloud-vm';
import { computeRegistry } from '@hutong/compute-registry';
import { machines } from '@hutong/machines';
import { scheduling } from '@hutong/scheduling';

/** The subgraphs of the platform. Importing this opens nothing. */
export const platformModules = { aiArts, cloudVm, computeRegistry, machines, scheduling } satisfies Record<string, SubgraphModule>;
