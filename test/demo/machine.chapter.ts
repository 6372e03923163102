import { setTimeout as delay } from 'node:timers/promises';
import { graphql, HutongError, type HutongClient, type ResultOf } from '@hutong/client';
import type { DemoRun } from './demo.run.js';

/** Less than what a request may wait at all. */
const PATIENCE_SECONDS = 240;
const POLL_MS = 250;

const askCloud = graphql('query Cloud { cloud { driver ready message } }');
const askOffers = graphql('query Offers { vmImages { id name sizeBytes } vmFlavors { id name } }');
const launch = graphql('mutation Launch($input: LaunchVirtualMachineInput!) { launchVirtualMachine(input: $input) { id ipv4 } }');
const askMachine = graphql('query Machine($id: ID!) { virtualMachine(id: $id) { state } }');
const destroyMachine = graphql('mutation Destroy($id: ID!) { destroyVirtualMachine(id: $id) { id } }');

/** A virtual machine that boots while other things are done; undefined where no cloud is there. */
export type Launch = { machine: Promise<ResultOf<typeof launch>['launchVirtualMachine']> } | undefined;

/** Has the smallest machine launched that there is, and says so; what cannot be is said, too. */
export async function beginMachine({ terminal, admin, cleaner, atEnd, name }: DemoRun): Promise<Launch> {
  return terminal.step('A virtual machine begins to boot', async (step) => {
    const { cloud } = await admin.query(askCloud);
    if (!cloud?.ready) {
      step.result(`left out: ${cloud?.message ?? 'no cloud is set up'}`);
      return undefined;
    }
    const { vmImages, vmFlavors } = await admin.query(askOffers);
    const [image] = (vmImages ?? []).toSorted((a, b) => (a.sizeBytes ?? Infinity) - (b.sizeBytes ?? Infinity));
    const [flavor] = vmFlavors ?? [];
    if (!image || !flavor) {
      step.result(`left out: ${cloud.driver} has no image yet (npm run vm-image builds one)`);
      return undefined;
    }
    // One that nobody waits for any more is destroyed.
    const input = { image: image.id, flavor: flavor.id, name: `demo-${name}`, internetAccess: false, waitSeconds: PATIENCE_SECONDS, destroyUnlessActive: true };
    const machine = admin.mutate(launch, { input }).then(({ launchVirtualMachine }) => launchVirtualMachine);
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
export async function endMachine({ terminal, admin, signal }: DemoRun, launched: Launch): Promise<void> {
  if (!launched) return;
  await terminal.step('The virtual machine runs, and is destroyed', async (step) => {
    const { id, ipv4 } = await launched.machine;
    await destroy(admin, id);
    const state = async () => (await admin.query(askMachine, { id })).virtualMachine?.state;
    while (!['DELETED', undefined].includes(await state())) await delay(POLL_MS, undefined, { signal });
    step.result(`it was ACTIVE at ${ipv4}`);
  });
}

/** Has a machine destroyed; one that is gone stays so. */
async function destroy(client: HutongClient, id: string): Promise<void> {
  await client.mutate(destroyMachine, { id }).catch((error: unknown) => {
    if (!(error instanceof HutongError && error.code === 'VM_NOT_FOUND')) throw error;
  });
}
