import { HutongError, subgraphUnavailable, type Caller, type PeerCallScope, type PeerOperation, type Peers } from '@hutong/common';

/** A resource of the stand-in. */
export interface StandInResource {
  id: number;
  gpu: number;
  cpu: number;
  ips: string;
  ports: string;
  organization: string;
  stale: boolean;
}

export const COMPUTING_ID = '1101tc200044013301502601009F1S1024N100P150';

type Hold = () => Promise<void>;

/**
 * A small compute-registry for tests of this subgraph's services: matches everything, keeps reservations by key with the
 * capacity they take, and lets a test make any operation slow, fail or never answer.
 */
export class StandInRegistry implements Peers {
  readonly resources = new Map<number, StandInResource>();
  readonly reservations = new Map<string, { resourceId: number; cpu: number; gpu: number }>();
  readonly confirmed = new Set<string>();
  readonly released = new Set<string>();
  readonly calls: { operation: string; variables: Record<string, unknown>; caller: Caller }[] = [];
  /** What to do before an operation is answered: throw, wait, count. */
  before: Partial<Record<'match' | 'resource' | 'reserve' | 'confirm' | 'release', Hold>> = {};
  unavailable = false;

  add(id: number, of: Partial<StandInResource> = {}): void {
    this.resources.set(id, { id, gpu: 8, cpu: 64, ips: '192.168.1.1', ports: '80,443', organization: '20004', stale: false, ...of });
  }

  /** Keys of reservations that stand on a resource. */
  heldOn(resourceId: number): string[] {
    return [...this.reservations].filter(([, reservation]) => reservation.resourceId === resourceId).map(([key]) => key);
  }

  has(subgraph: string): boolean {
    return subgraph === 'compute-registry';
  }

  async call<Data>({ caller }: PeerCallScope, { subgraph, document, variables }: PeerOperation): Promise<Data> {
    if (this.unavailable || subgraph !== 'compute-registry') throw subgraphUnavailable({ subgraph });
    const operation = (/Scheduling(\w+)/.exec(document)?.[1] ?? '').toLowerCase() as keyof typeof this.before;
    this.calls.push({ operation, variables, caller });
    await this.before[operation]?.();
    return this[`on_${operation}`](variables as never) as Data;
  }

  private on_match({ first }: { first: number }): unknown {
    const fresh = [...this.resources.values()].filter(({ stale }) => !stale);
    return { matchComputingResources: { totalCount: fresh.length, resources: fresh.slice(0, first).map(({ id }) => ({ id: String(id) })) } };
  }

  private on_resource({ id }: { id: string }): unknown {
    const found = this.resources.get(Number(id));
    if (!found) return { computingResource: null };
    const identifier = { value: COMPUTING_ID, organization: { code: found.organization } };
    return { computingResource: { id, networkIpsAvailable: found.ips, networkPorts: found.ports, identifier } };
  }

  private on_reserve({ input: { resourceId, cpu, gpu, key } }: { input: { resourceId: string; cpu: number; gpu: number; key: string } }): unknown {
    const resource = this.resources.get(Number(resourceId));
    if (this.released.has(key)) throw new HutongError('RESERVATION_RELEASED', 409, 'released before');
    if (this.reservations.has(key)) return {};
    if (!resource) throw new HutongError('NOT_FOUND', 404, `computing resource ${resourceId} not found`);
    if (resource.stale) throw new HutongError('RESOURCE_STALE', 409, `computing resource ${resourceId} is stale`);
    if (resource.gpu < gpu || resource.cpu < cpu) throw new HutongError('NO_CAPACITY', 409, `computing resource ${resourceId} has no capacity left`);
    resource.gpu -= gpu;
    resource.cpu -= cpu;
    this.reservations.set(key, { resourceId: resource.id, cpu, gpu });
    return {};
  }

  private on_confirm({ key }: { key: string }): unknown {
    if (!this.reservations.has(key)) throw new HutongError('RESERVATION_RELEASED', 409, 'released before');
    this.confirmed.add(key);
    return { confirmReservation: true };
  }

  private on_release({ key }: { key: string }): unknown {
    const reservation = this.reservations.get(key);
    this.released.add(key);
    if (!reservation) return { releaseReservation: false };
    this.reservations.delete(key);
    const resource = this.resources.get(reservation.resourceId);
    if (resource) {
      resource.gpu += reservation.gpu;
      resource.cpu += reservation.cpu;
    }
    return { releaseReservation: true };
  }
}
