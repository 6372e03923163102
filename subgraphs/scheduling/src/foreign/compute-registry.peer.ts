import type { PeerCallScope, Peers } from '@hutong/common';
import type { Requirements } from '../template/requirements.js';

/** What matched: how many in all, and the best of them, best first. */
export interface Match {
  totalCount: number;
  resourceIds: number[];
}

/** What an address is made of. */
export interface ResourceAddress {
  id: number;
  computingId: string;
  /** The 5-digit code of the provider. */
  organization: string;
  networkIpsAvailable: string;
  networkPorts: string;
}

/** Capacity to hold for a task under a key that makes the call safe to repeat. */
export interface ReservationRequest {
  resourceId: number;
  cpu: number;
  gpu: number;
  key: string;
}

const SUBGRAPH = 'compute-registry';

const MATCH = `query SchedulingMatch($requirements: Requirements!, $first: Int!) {
  matchComputingResources(requirements: $requirements, first: $first, explain: false) { totalCount resources { id } }
}`;

const RESOURCE = `query SchedulingResource($id: ID!) {
  computingResource(id: $id) { id networkIpsAvailable networkPorts identifier { value organization { code } } }
}`;

const RESERVE = `mutation SchedulingReserve($input: ReserveInput!) {
  reserveComputingResource(input: $input) { __typename }
}`;

const CONFIRM = `mutation SchedulingConfirm($key: String!) {
  confirmReservation(key: $key)
}`;

const RELEASE = `mutation SchedulingRelease($key: String!) {
  releaseReservation(key: $key)
}`;

interface ResourceAnswer {
  computingResource: {
    id: string;
    networkIpsAvailable: string;
    networkPorts: string;
    identifier: { value: string; organization: { code: string } };
  } | null;
}

/** What this subgraph asks of compute-registry. Failures come as they are there: RESOURCE_STALE, NO_CAPACITY, NOT_FOUND, … */
export class ComputeRegistry {
  constructor(private readonly peers: Peers) {}

  /** The best matches for the requirements, at most `first` of them, and the count of all. */
  async match(scope: PeerCallScope, requirements: Requirements, first: number): Promise<Match> {
    const { matchComputingResources: match } = await this.peers.call<{
      matchComputingResources: { totalCount: number; resources: { id: string }[] };
    }>(scope, { subgraph: SUBGRAPH, document: MATCH, variables: { requirements, first } });
    return { totalCount: match.totalCount, resourceIds: match.resources.map(({ id }) => Number(id)) };
  }

  /** Where a resource can be reached; null when there is no such resource. */
  async resource(scope: PeerCallScope, id: number): Promise<ResourceAddress | null> {
    const { computingResource: found } = await this.peers.call<ResourceAnswer>(scope, {
      subgraph: SUBGRAPH,
      document: RESOURCE,
      variables: { id: String(id) },
    });
    if (!found) return null;
    const { networkIpsAvailable, networkPorts, identifier } = found;
    return { id, computingId: identifier.value, organization: identifier.organization.code, networkIpsAvailable, networkPorts };
  }

  /** Reserves capacity; the same key again reserves nothing more. */
  async reserve(scope: PeerCallScope, { resourceId, cpu, gpu, key }: ReservationRequest): Promise<void> {
    const variables = { input: { resourceId: String(resourceId), cpu, gpu, key } };
    await this.peers.call(scope, { subgraph: SUBGRAPH, document: RESERVE, variables });
  }

  /** Says that the provider has allocated what is reserved. May be repeated. */
  async confirm(scope: PeerCallScope, key: string): Promise<void> {
    await this.peers.call(scope, { subgraph: SUBGRAPH, document: CONFIRM, variables: { key } });
  }

  /** Gives a reservation back; nothing happens when it was given back before or never made. */
  async release(scope: PeerCallScope, key: string): Promise<void> {
    await this.peers.call(scope, { subgraph: SUBGRAPH, document: RELEASE, variables: { key } });
  }
}
