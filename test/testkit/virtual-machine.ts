import type { Actor } from './actor.js';
import type { PlatformCloud } from './platform-cloud.js';
import { until } from './processes.js';

/** A virtual machine as its owner sees it. */
export interface SeenMachine {
  id: string;
  name: string;
  state: 'BUILD' | 'ACTIVE' | 'SHUTOFF' | 'REBOOT' | 'ERROR' | 'DELETING' | 'DELETED';
  stateReason: string | null;
  ipv4: string | null;
  endpoints: { guestPort: number; host: string; port: number }[];
}

const MACHINE = 'id name state stateReason ipv4 endpoints { guestPort host port }';

/** Somebody who uses virtual machines of a cloud through GraphQL. */
export class MachineUser {
  constructor(
    readonly actor: Actor,
    readonly cloud: PlatformCloud,
  ) {}

  /** Launches a machine of the cloud's quickest image and flavor, without internet access, where the input says nothing else. */
  async launch(input: Record<string, unknown> = {}): Promise<SeenMachine> {
    const { image, flavor } = this.cloud;
    const data = await this.actor.ask(`mutation ($input: LaunchVirtualMachineInput!) { launchVirtualMachine(input: $input) { ${MACHINE} } }`, {
      input: { image, flavor, internetAccess: false, name: 'exam', ...input },
    });
    return data.launchVirtualMachine as SeenMachine;
  }

  /** A machine that is ACTIVE. */
  async machine(input: Record<string, unknown> = {}): Promise<SeenMachine> {
    const machine = await this.launch({ waitSeconds: 60, ...input });
    if (machine.state !== 'ACTIVE') throw new Error(`the machine is not ACTIVE: ${JSON.stringify(machine)}`);
    return machine;
  }

  async look(id: string): Promise<SeenMachine> {
    return (await this.actor.ask(`query ($id: ID!) { virtualMachine(id: $id) { ${MACHINE} } }`, { id })).virtualMachine as SeenMachine;
  }

  /** Every machine that is not DELETED. */
  async list(): Promise<SeenMachine[]> {
    return (await this.actor.ask(`{ virtualMachines(first: 100) { nodes { ${MACHINE} } } }`)).virtualMachines.nodes as SeenMachine[];
  }

  /** Asks for a machine to be started, stopped or rebooted, and waits until it has come to be as said. */
  async change(verb: 'start' | 'stop' | 'reboot', id: string, state: SeenMachine['state']): Promise<SeenMachine> {
    await this.actor.ask(`mutation ($id: ID!) { ${verb}VirtualMachine(id: $id) { id } }`, { id });
    return this.until(id, state);
  }

  async until(id: string, state: SeenMachine['state']): Promise<SeenMachine> {
    let machine: SeenMachine | undefined;
    await until(`the machine to be ${state}`, async () => (machine = await this.look(id)).state === state);
    return machine!;
  }

  /** Destroys a machine, and waits for its end. */
  async destroy(id: string): Promise<void> {
    const data = await this.actor.ask('mutation ($id: ID!) { destroyVirtualMachine(id: $id, waitSeconds: 60) { state stateReason } }', { id });
    if (data.destroyVirtualMachine.state !== 'DELETED') throw new Error(`the machine is not DELETED: ${JSON.stringify(data)}`);
  }

  /** Asks the web server of a guest, which may still be starting. */
  async page(machine: SeenMachine, path = '/', init: RequestInit = {}): Promise<string> {
    const web = machine.endpoints.find(({ guestPort }) => guestPort === 80) ?? { host: machine.ipv4!, port: 80 };
    let page: string | undefined;
    await until(`an answer of the guest at ${web.host}:${web.port}`, async () => {
      const answer = await fetch(`http://${web.host}:${web.port}${path}`, { ...init, signal: AbortSignal.timeout(4_000) }).catch(() => undefined);
      page = await answer?.text();
      return answer?.ok === true;
    });
    return page!;
  }
}
