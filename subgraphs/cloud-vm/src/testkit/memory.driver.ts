import { CloudError, type CloudDriver, type CloudFlavor, type CloudImage, type CloudMachineState, type CloudResource, type LaunchProgress, type MachineReference, type MachineSpec, type MachineView, type OwnedResource, type SnapshotSpec } from '../drivers/driver.js';

interface Machine {
  spec: MachineSpec;
  state: CloudMachineState;
  readyAt: number;
}

const MAKES = ['port', 'server', 'floating-ip'] as const;

/** A cloud in memory that outlives what asks it, and fails as it is told to: for tests of the subgraph alone. */
export class MemoryDriver implements CloudDriver {
  readonly name = 'qemu';
  readonly things = new Map<string, CloudResource & { machineId: string }>();
  readonly machines = new Map<string, Machine>();
  readonly launches: string[] = [];
  imageList: CloudImage[] = [image('1', 'linux'), image('2', 'twin'), image('3', 'twin')];
  flavorList: CloudFlavor[] = [['1', 'm1.tiny'], ['2', 'twin'], ['3', 'twin']].map(([id, name]) => ({ id: id!, name: name!, cpus: 1, memoryBytes: 2 ** 28, diskBytes: 0 }));
  readiness = { ready: true, message: null as string | null };
  bootMs = 0;
  /** Called before each thing is made, and by every other call under its name; what it throws is the cloud's failure. */
  before: (step: string, id: string) => Promise<void> | void = () => undefined;
  /** How many launches are under way, and were at most. */
  atOnce = 0;
  mostAtOnce = 0;

  async status() {
    return this.readiness;
  }

  async images() {
    return this.imageList;
  }

  async flavors() {
    return this.flavorList;
  }

  async launch(spec: MachineSpec, { made, onMade }: LaunchProgress, signal: AbortSignal): Promise<void> {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.atOnce);
    this.launches.push(spec.id);
    try {
      for (const kind of MAKES) {
        const resource = { kind, id: `${kind}-${spec.id}` };
        if (!made.some((known) => known.kind === kind)) {
          await this.before(kind, spec.id);
          signal.throwIfAborted();
          this.things.set(resource.id, { ...resource, machineId: spec.id });
          await onMade(resource);
        }
        if (kind === 'server' && !this.machines.has(spec.id)) this.machines.set(spec.id, { spec, state: 'BUILD', readyAt: Date.now() + this.bootMs });
      }
    } finally {
      this.atOnce--;
    }
  }

  async look(references: readonly MachineReference[]): Promise<MachineView[]> {
    return references.map(({ id }) => {
      const machine = this.machines.get(id);
      if (machine?.state === 'BUILD' && machine.readyAt <= Date.now()) machine.state = 'ACTIVE';
      if (machine?.state === 'REBOOT') machine.state = 'ACTIVE';
      const state = machine?.state ?? 'DELETED';
      return { id, state, reason: state === 'ERROR' ? 'no valid host was found' : null, ipv4: state === 'ACTIVE' ? '127.77.0.1' : null, endpoints: [] };
    });
  }

  start = (machine: MachineReference) => this.#to(machine, 'start', 'ACTIVE');
  stop = (machine: MachineReference) => this.#to(machine, 'stop', 'SHUTOFF');
  reboot = (machine: MachineReference) => this.#to(machine, 'reboot', 'REBOOT');

  async snapshot(machine: MachineReference, { id, name }: SnapshotSpec): Promise<CloudImage> {
    await this.before('snapshot', machine.id);
    const made = image(id, name);
    if (!this.imageList.some((known) => known.id === id)) this.imageList.push(made);
    return made;
  }

  async deleteSnapshot(id: string): Promise<void> {
    this.imageList = this.imageList.filter((known) => known.id !== id);
  }

  async destroy({ id }: MachineReference, _signal: AbortSignal, onReleased?: (resource: CloudResource) => Promise<void>): Promise<void> {
    for (const kind of MAKES.toReversed()) {
      await this.before(`destroy ${kind}`, id);
      if (kind === 'server') this.machines.delete(id);
      if (this.things.delete(`${kind}-${id}`)) await onReleased?.({ kind, id: `${kind}-${id}` });
    }
  }

  async listOurs(): Promise<OwnedResource[]> {
    return [...this.things.values()].map((thing) => ({ ...thing, createdAt: null }));
  }

  async close(): Promise<void> {}

  async #to({ id }: MachineReference, step: string, state: CloudMachineState): Promise<void> {
    await this.before(step, id);
    const machine = this.machines.get(id);
    if (!machine) throw new CloudError('NOT_FOUND', 'there is no such machine');
    machine.state = state;
  }
}

function image(id: string, name: string): CloudImage {
  return { id, name, sizeBytes: 1_000, createdAt: new Date() };
}
