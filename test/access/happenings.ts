import { randomUUID } from 'node:crypto';
import type { Actor } from '../testkit/actor.js';
import { sampleGraphReport } from '../testkit/sample.js';
import { Trainer } from '../testkit/training.js';
import { KEPT, OF_ADMINS } from './things.js';
import type { World } from './world.js';

/** What tells events of one round and one owner from all others; it stands in whatever tells of them. */
export type Tags = Partial<Record<Happening, string>>;
export type Happening = 'uploadProgress' | 'jobChanged' | 'virtualMachineChanged' | 'machineChanged' | 'taskChanged';

/** Has something happen to somebody's new things, one of each kind. */
export async function happenTo(world: World, owner: Actor, name: string): Promise<Tags> {
  const mark = `${name} ${randomUUID()}`;
  const file = new File(['a text'], 'a.txt');
  await owner.ask('mutation ($input: UploadFilesInput!) { uploadFiles(input: $input) { id } }', { input: { file, purpose: 'DATASET', token: mark, waitSeconds: 60 } });
  const { id: job } = await new Trainer(owner).create('true', { name: mark });
  const { submitTask } = await owner.ask('mutation ($input: SubmitTaskInput!) { submitTask(input: $input) { id } }', { input: { template: { mark } } });
  const virtualMachine = await world.maker.virtualMachine(owner.userId, mark);
  await owner.ask('mutation ($id: ID!) { destroyVirtualMachine(id: $id) { id } }', { id: virtualMachine });
  return { uploadProgress: mark, jobChanged: job, taskChanged: submitTask.id as string, virtualMachineChanged: virtualMachine };
}

/** Has a machine change that a user was granted, one that nobody was, and then one that everybody was; answers how they are named. */
export async function machinesChange(world: World, userId: string): Promise<{ granted: string; hidden: string; shown: string }> {
  const { admin } = world.callers;
  const change = async (id: string, name: string) => {
    const machine = { id, name, cpus: 1, status: 'RUNNING', memoryBytes: 1, gpu: 'none', ip: '10.9.9.9' };
    await admin.ask('mutation ($machine: MachineInput!) { saveMachines(input: { machines: [$machine] }) { id } }', { machine });
  };
  const grant = (id: string, whom: Record<string, unknown>) => admin.ask('mutation ($input: GrantMachineInput!) { grantMachine(input: $input) { id } }', { input: { machineId: id, ...whom } });
  const round = randomUUID();
  const [granted, hidden, shown] = ['910000001', '910000002', '910000003'] as const;
  for (const id of [granted, hidden, shown]) await change(id, `before ${round}`);
  await grant(granted, { userId });
  await grant(shown, { everyone: true });
  const names = { granted: `${KEPT} ${round}`, hidden: `${OF_ADMINS} ${round}`, shown: `for everybody ${round}` };
  await change(granted, names.granted);
  await change(hidden, names.hidden);
  await change(shown, names.shown);
  return names;
}

/** Has the provider report its resource with a price that nothing else has. */
export async function resourceIsReported({ callers }: World, price: number): Promise<void> {
  await callers.provider.ask('mutation ($input: ReportComputingResourcesInput!) { reportComputingResources(input: $input) { updated } }', { input: { reports: [sampleGraphReport({ price })] } });
}
