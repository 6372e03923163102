import { randomBytes } from 'node:crypto';
import type { DemoRun } from './demo.run.js';
import type { HutongClient } from './hutong.client.js';

/** Of nobody: no provider's webhook is ever called for it. */
const ORGANIZATION = '99999';
const IDENTIFIER = `1101tc${ORGANIZATION}4013301502601009F1S1024N100P150`;
const GPU = 'Hutong demo GPU';
/** Addresses that are for documents (RFC 5737). */
const ADDRESS = '192.0.2.1';

const REPORT = {
  identifier: IDENTIFIER, powerConsumption: 450, cpuPerformance: 2_000, cpuAvailable: 64, gpuModel: GPU, gpuPerformance: 18_000, gpuMemory: 16, gpuAvailable: 8,
  networkDelayMs: 5, networkPerformance: 100, networkIsIxp: true, networkIps: ADDRESS, networkAvailable: '', networkIpsAvailable: ADDRESS, networkPorts: '443', price: 100,
};

interface OfferedTask {
  id: string;
  offers: { totalCount: number; nodes: { resource: { id: string; identifier: { region: { name: string } } } | null }[] };
}

/** A provider reports what it has, and a user's task finds its way there. */
export async function computeMarket(run: DemoRun): Promise<void> {
  const { terminal, admin } = run;
  await terminal.step('A provider registers an identifier, reports GPUs', async (step) => {
    const provider = await newProvider(run);
    await provider.ask('mutation ($input: RegisterComputingIdentifiersInput!) { registerComputingIdentifiers(input: $input) { registered known } }', { input: { values: [IDENTIFIER] } });
    await provider.ask('mutation ($input: ReportComputingResourcesInput!) { reportComputingResources(input: $input) { created updated } }', { input: { reports: [REPORT] } });
    step.result(`${IDENTIFIER}: ${REPORT.gpuAvailable} × ${GPU}`);
  });
  const task = await terminal.step('A user submits a task, and is offered what fits', async (step) => {
    const template = { gpu_model: GPU, gpu_available: 1, price: 200 };
    const { submitTask } = await admin.ask<{ submitTask: OfferedTask }>(
      'mutation ($input: SubmitTaskInput!) { submitTask(input: $input) { id offers(first: 1) { totalCount nodes { resource { id identifier { region { name } } } } } } }',
      { input: { template, source: 'demo' } },
    );
    run.atEnd.defer(() => run.cleaner.ask('mutation ($id: ID!) { releaseTask(id: $id) { id } }', { id: submitTask.id }));
    step.result(`task ${submitTask.id}, ${submitTask.offers.totalCount} offered, the best in ${submitTask.offers.nodes[0]?.resource?.identifier.region.name}`);
    return submitTask;
  });
  await terminal.step('The user chooses it; a GPU is reserved', async (step) => {
    const { chooseTaskPath } = await admin.ask<{ chooseTaskPath: { state: string; resourceUrl: string } }>(
      'mutation ($input: ChooseTaskPathInput!) { chooseTaskPath(input: $input) { state resourceUrl } }',
      { input: { taskId: task.id, computingResourceId: task.offers.nodes[0]?.resource?.id, accept: true } },
    );
    step.result(`${chooseTaskPath.state}: ${chooseTaskPath.resourceUrl}`);
  });
}

async function newProvider(run: DemoRun): Promise<HutongClient> {
  const username = `demo-provider-${run.name}`;
  const password = randomBytes(18).toString('base64url');
  const { createUser } = await run.admin.ask<{ createUser: { id: string } }>('mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }', {
    input: { username, password, roles: ['PROVIDER'], organization: ORGANIZATION },
  });
  run.borrowed('deleteUser', createUser.id);
  return run.admin.logIn(username, password);
}
