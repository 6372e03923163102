import { caller, testSubgraph, type Answer, type TestSubgraph } from '@hutong/common/testkit';
import { Cloud } from '../cloud/cloud.js';
import type { CloudVmSettings } from '../environment.js';
import { cloudVmWith, type CloudVmServices } from '../subgraph.js';
import { MemoryDriver } from './memory.driver.js';

export const MACHINE = 'id name image flavor internetAccess state stateReason ipv4 owner { id }';

const LAUNCH = `mutation ($input: LaunchVirtualMachineInput!) { launchVirtualMachine(input: $input) { ${MACHINE} } }`;

/** The subgraph over a cloud in memory. */
export interface CloudVmHouse {
  subgraph: TestSubgraph<CloudVmServices>;
  driver: MemoryDriver;
  actor(of?: Parameters<typeof caller>[0]): CloudVmActor;
}

const SETTINGS: CloudVmSettings = { driver: undefined, atOnce: 4, buildMs: 20_000, machinesPerUser: 500, orphanGraceMs: 0 };

/** @param beside opens another process, on the database and the cloud of the first */
export async function cloudVmHouse(settings: Partial<CloudVmSettings> = {}, isConfigured = true, beside?: CloudVmHouse): Promise<CloudVmHouse> {
  const driver = beside?.driver ?? new MemoryDriver();
  const cloud = new Cloud(isConfigured ? driver : undefined, 'set CLOUD_DRIVER');
  const subgraph = await testSubgraph(cloudVmWith(() => ({ settings: { ...SETTINGS, ...settings }, openCloud: async () => cloud })), new Map(), beside?.subgraph);
  return { subgraph, driver, actor: (of) => new CloudVmActor(subgraph, caller(of)) };
}

/** Somebody who uses virtual machines. */
export class CloudVmActor {
  constructor(
    private readonly subgraph: TestSubgraph<CloudVmServices>,
    readonly as: ReturnType<typeof caller>,
  ) {}

  ask(document: string, variables: Record<string, unknown> = {}): Promise<Answer> {
    return this.subgraph.ask(document, { as: this.as, variables });
  }

  launch(input: Record<string, unknown> = {}): Promise<Answer> {
    return this.ask(LAUNCH, { input: { image: 'linux', flavor: 'm1.tiny', internetAccess: true, name: 'exam', ...input } });
  }

  /** A machine that is ACTIVE. */
  async machine(input: Record<string, unknown> = {}): Promise<string> {
    const { data, errors } = await this.launch({ waitSeconds: 20, ...input });
    if (data?.launchVirtualMachine.state !== 'ACTIVE') throw new Error(`not ACTIVE: ${JSON.stringify({ data, errors })}`);
    return data.launchVirtualMachine.id as string;
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads data of any shape
  async look(id: string): Promise<any> {
    return (await this.ask(`query ($id: ID!) { virtualMachine(id: $id) { ${MACHINE} } }`, { id })).data.virtualMachine;
  }

  /** Asks `<verb>VirtualMachine`. */
  change(verb: 'start' | 'stop' | 'reboot' | 'destroy', id: string): Promise<Answer> {
    return this.ask(`mutation ($id: ID!) { ${verb}VirtualMachine(id: $id${verb === 'destroy' ? ', waitSeconds: 20' : ''}) { state stateReason } }`, { id });
  }

  /** Looks until the machine is as said. */
  async until(id: string, state: string): Promise<void> {
    for (const deadline = Date.now() + 45_000; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
      const machine = await this.look(id);
      if (machine.state === state) return;
      if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(machine)}, not ${state}`);
    }
  }
}
