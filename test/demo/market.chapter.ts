import { randomBytes } from 'node:crypto';
import { graphql, type HutongClient } from '@hutong/client';
import { DemoFailure } from './demo.failure.js';
import type { DemoRun } from './demo.run.js';

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

const registerIdentifiers = graphql('mutation RegisterIdentifiers($input: RegisterComputingIdentifiersInput!) { registerComputingIdentifiers(input: $input) { registered known } }');
const reportResources = graphql('mutation ReportResources($input: ReportComputingResourcesInput!) { reportComputingResources(input: $input) { created updated } }');
const submit = graphql(`
  mutation Submit($input: SubmitTaskInput!) {
    submitTask(input: $input) { id offers(first: 1) { totalCount nodes { resource { id identifier { region { name } } } } } }
  }
`);
const choose = graphql('mutation Choose($input: ChooseTaskPathInput!) { chooseTaskPath(input: $input) { state resourceUrl } }');
const release = graphql('mutation Release($id: ID!) { releaseTask(id: $id) { id } }');
const createProvider = graphql('mutation CreateUser($input: CreateUserInput!) { createUser(input: $input) { id } }');

/** A provider reports what it has, and a user's task finds its way there. */
export async function computeMarket(run: DemoRun): Promise<void> {
  const { terminal, admin } = run;
  await terminal.step('A provider registers an identifier, reports GPUs', async (step) => {
    const provider = await newProvider(run);
    await provider.mutate(registerIdentifiers, { input: { values: [IDENTIFIER] } });
    await provider.mutate(reportResources, { input: { reports: [REPORT] } });
    step.result(`${IDENTIFIER}: ${REPORT.gpuAvailable} × ${GPU}`);
  });
  const task = await terminal.step('A user submits a task, and is offered what fits', async (step) => {
    const template = { gpu_model: GPU, gpu_available: 1, price: 200 };
    const { submitTask } = await admin.mutate(submit, { input: { template, source: 'demo' } });
    run.atEnd.defer(async () => void (await run.cleaner.mutate(release, { id: submitTask.id })));
    step.result(`task ${submitTask.id}, ${submitTask.offers.totalCount} offered, the best in ${submitTask.offers.nodes[0]?.resource?.identifier.region.name}`);
    return submitTask;
  });
  await terminal.step('The user chooses it; a GPU is reserved', async (step) => {
    const [offer] = task.offers.nodes;
    if (!offer?.resource) throw new DemoFailure(`Task ${task.id} was offered nothing: the report of a moment ago is not there.`);
    const { chooseTaskPath } = await admin.mutate(choose, { input: { taskId: task.id, computingResourceId: offer.resource.id, accept: true } });
    step.result(`${chooseTaskPath.state}: ${chooseTaskPath.resourceUrl}`);
  });
}

async function newProvider(run: DemoRun): Promise<HutongClient> {
  const username = `demo-provider-${run.name}`;
  const password = randomBytes(18).toString('base64url');
  const { createUser } = await run.admin.mutate(createProvider, { input: { username, password, roles: ['PROVIDER'], organization: ORGANIZATION } });
  run.borrowed('deleteUser', createUser.id);
  return run.admin.logIn(username, password);
}
