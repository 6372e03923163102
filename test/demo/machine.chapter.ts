import { setTimeout as delay } from 'node:timers/promises';
import type { DemoRun } from './demo.run.js';
import { Refused, type HutongClient } from './hutong.client.js';

/** Less than what a request may wait at all. */
const PATIENCE_SECONDS = 240;
const POLL_MS = 250;

interface Machine {
  id: string;
  ipv4: string;
}

/** A virtual machine that boots while other things are done; undefined where no cloud is there. */
export type Launch = { machine: Promise<Machine> } | undefined;

/** Has the smallest machine launched that there is, and says so; what cannot be is said, too. */
export async function beginMachine({ terminal, admin, cleaner, atEnd, name }: DemoRun): Promise<Launch> {
  return terminal.step('A virtual machine begins to boot', async (step) => {
    const { cloud } = await admin.ask<{ cloud: { driver: string; ready: boolean; message: string | null } }>('{ cloud { driver ready message } }');
    if (!cloud.ready) {
      step.result(`left out: ${cloud.message ?? 'no cloud is set up'}`);
      return undefined;
    }
    const { vmImages, vmFlavors } = await admin.ask<{ vmImages: { id: string; name: string; sizeBytes: number | null }[]; vmFlavors: { id: string; name: string }[] }>('{ vmImages { id name sizeBytes } vmFlavors { id name } }');
    const [image] = vmImages.toSorted((a, b) => (a.sizeBytes ?? Infinity) - (b.sizeBytes ?? Infinity));
    const [flavor] = vmFlavors;
    if (!image || !flavor) {
      step.result(`left out: ${cloud.driver} has no image yet (npm run vm-image builds one)`);
      return undefined;
    }
    // One that nobody waits for any more is destroyed.
    const input = { image: image.id, flavor: flavor.id, name: `demo-${name}`, internetAccess: false, waitSeconds: PATIENCE_SECONDS, destroyUnlessActive: true };
    const machine = admin
      .ask<{ launchVirtualMachine: Machine }>('mutation ($input: LaunchVirtualMachineInput!) { launchVirtualMachine(input: $input) { id ipv4 } }', { input })
      .then(({ launchVirtualMachine }) => launchVirtualMachine);
    atEnd.defer(async () => {
      const launched = await machine.catch(() => undefined);
      if (launched) await destroy(cleaner, launched.id);
    });
    // It fails while nobody waits for it yet; the last chapter hears of it all the same.
    machine.catch(() => undefined);
    step.result(`${image.name}, ${flavor.name}, on ${cloud.driver}; it boots while the network trains`);
    return { machine };
  });
}

/** Waits for the machine, and destroys it. */
export async function endMachine({ terminal, admin }: DemoRun, launch: Launch): Promise<void> {
  if (!launch) return;
  await terminal.step('The virtual machine runs, and is destroyed', async (step) => {
    const { id, ipv4 } = await launch.machine;
    await destroy(admin, id);
    const state = async () => (await admin.ask<{ virtualMachine: { state: string } | null }>('query ($id: ID!) { virtualMachine(id: $id) { state } }', { id })).virtualMachine?.state;
    while (!['DELETED', undefined].includes(await state())) await delay(POLL_MS, undefined, { signal: admin.signal });
    step.result(`it was ACTIVE at ${ipv4}`);
  });
}

/** Has a machine destroyed; one that is gone stays so. */
async function destroy(client: HutongClient, id: string): Promise<void> {
  await client.ask('mutation ($id: ID!) { destroyVirtualMachine(id: $id) { id } }', { id }).catch((error: unknown) => {
    if (!(error instanceof Refused && error.code === 'VM_NOT_FOUND')) throw error;
  });
}
