/** The orders that compute-registry knows for matches. */
export const MATCH_ORDERS = ['PRICE', 'FREE_GPU', 'FREE_CPU', 'NETWORK_DELAY', 'PERFORMANCE', 'POWER'] as const;

export type MatchOrder = (typeof MATCH_ORDERS)[number];

/** What a task asks of a resource, as compute-registry takes it. */
export interface Requirements {
  resourceType?: string[];
  serviceType?: string[];
  region?: string[];
  organization?: string[];
  industry?: string[];
  availabilityZone?: string[];
  gpuModel?: string;
  minCpuPerformance?: number;
  minCpuAvailable?: number;
  minGpuPerformance?: number;
  minGpuMemory?: number;
  minGpuAvailable?: number;
  minNetworkPerformance?: number;
  maxPrice?: number;
  maxNetworkDelayMs?: number;
  maxPowerConsumption?: number;
  networkIsIxp?: boolean;
  orderBy?: MatchOrder[];
}
