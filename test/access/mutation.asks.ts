import { SAMPLE_IDENTIFIER, SAMPLE_ORGANIZATION, sampleGraphReport } from '../testkit/sample.js';
import type { Ask } from './query.asks.js';
import { modelFile, picture, SHARED_FILE, type ThingName, type Things } from './things.js';

/** One way to ask a field of Mutation. */
export interface MutationAsk extends Omit<Ask, 'variables' | 'mark'> {
  /** @param count another one each time, for names that nothing else has */
  variables?: (things: Things, count: number) => Promise<Record<string, unknown>>;
  /** Things that it changes, so that each caller who may gets new ones. */
  uses?: readonly ThingName[];
  /** It ends the credential that it comes with. */
  endsCredential?: true;
}

type Input = (things: Things, count: number) => Record<string, unknown>;

const input = (of: Input, more: Omit<MutationAsk, 'variables'> = {}): MutationAsk => ({ ...more, variables: async (things, count) => ({ input: of(things, count) }) });
const byId = (of: ThingName, more: Omit<MutationAsk, 'variables'> = {}): MutationAsk => ({ ...more, variables: async (things) => ({ id: things[of] }) });
const consumes = (of: ThingName, title?: string): MutationAsk => byId(of, { uses: [of], ...(title === undefined ? {} : { of: title }) });
const text = (): File => new File(['a text'], 'a.txt');
const training = (more: Input, of: string): MutationAsk => input((things, count) => ({ name: 't', engine: 'bash', code: { name: 'start.sh', text: 'true' }, ...more(things, count) }), { of });

/** How each field of Mutation is asked, with the names of the member's and the provider's own things. */
export const mutationAsks: Readonly<Record<string, readonly MutationAsk[]>> = {
  approveJob: [consumes('waitingTraining')],
  changePassword: [
    input(({ victim }) => ({ userId: victim, new: 'another one of theirs 1' }), { of: 'of another user' }),
    input(() => ({ current: 'not the present one', new: 'another one of mine 1' }), { of: 'of oneself, with a wrong present one' }),
  ],
  chooseTaskPath: [input(({ task, resource }) => ({ taskId: task, computingResourceId: resource, accept: false }))],
  createApiToken: [input((_, count) => ({ name: `token ${count}`, scopes: ['machines:read'] }))],
  createInferenceService: [
    input(({ model }) => ({ name: 's', modelId: model }), { of: 'of a private model' }),
    input(({ publicModel }) => ({ name: 's', modelId: publicModel }), { of: 'of a public model' }),
    input(({ modelFiles }) => ({ name: 's', modelPath: modelFiles }), { of: 'of private files' }),
  ],
  createNotebook: [input(() => ({ name: 'n', engine: 'python' })), input(({ code }) => ({ name: 'n', engine: 'python', codePath: code }), { of: 'of private files' })],
  createTraining: [
    training(() => ({}), 'of a text'),
    training(({ code }) => ({ code: null, codePath: code, startupFile: 'start.sh' }), 'of private code'),
    training(({ data }) => ({ datasetPath: data }), 'on private files'),
    training(({ pathBesidePublic }) => ({ datasetPath: pathBesidePublic }), 'on private files beside a public folder'),
    training(({ dataset }) => ({ datasetId: dataset }), 'on a private dataset'),
    training(({ publicDataset }) => ({ datasetId: publicDataset }), 'on a public dataset'),
  ],
  createUser: [input((_, count) => ({ username: `new-${count}`, password: 'of a new one 12' }))],
  deleteDataset: [consumes('dataset', 'private'), consumes('publicDataset', 'public')],
  deleteInferenceService: [consumes('waitingService')],
  deleteModel: [consumes('model', 'private'), consumes('publicModel', 'public')],
  deleteNotebook: [consumes('waitingNotebook')],
  deleteTraining: [consumes('waitingTraining')],
  deleteUser: [consumes('victim')],
  describeNotebook: [{ variables: async ({ waitingNotebook }) => ({ id: waitingNotebook, description: 'another one' }) }],
  destroyVirtualMachine: [consumes('virtualMachine')],
  grantMachine: [input(({ hiddenMachine, victim }) => ({ machineId: hiddenMachine, userId: victim }))],
  importAnnotations: [input(({ dataset }, count) => ({ datasetId: dataset, version: `v${count}` }), { of: 'of a dataset without a project', uses: ['dataset'] })],
  launchVirtualMachine: [input(() => ({ image: 'i', flavor: 'f', internetAccess: false, name: 'n' }))],
  linkLabelingProject: [
    input(({ dataset }) => ({ datasetId: dataset, projectId: '7' }), { of: 'private', uses: ['dataset'] }),
    input(({ publicDataset }) => ({ datasetId: publicDataset, projectId: '7' }), { of: 'public', uses: ['publicDataset'] }),
  ],
  logIn: [input(() => ({ username: 'member', password: "member's own password 1" }))],
  logOut: [{ endsCredential: true }],
  nameCode: [input(() => ({ kind: 'ORGANIZATION', code: '31337', name: 'new' }))],
  rebootVirtualMachine: [byId('virtualMachine')],
  recognizeImage: [
    input(({ service }) => ({ serviceId: service, image: picture() }), { of: 'a picture that comes along' }),
    input(({ service, image }) => ({ serviceId: service, imageId: image }), { of: 'a picture of the member’s' }),
  ],
  registerComputingIdentifiers: [input(() => ({ values: [SAMPLE_IDENTIFIER] }), { of: 'of the provider' })],
  registerDataset: [
    input(({ data }, count) => ({ name: `d ${count}`, path: data }), { of: 'of private files' }),
    input(({ publicFiles }, count) => ({ name: `d ${count}`, path: `dataset/${publicFiles}` }), { of: 'of public files' }),
    input((_, count) => ({ name: `d ${count}`, path: `shared/${SHARED_FILE}`, waitSeconds: 60 }), { of: 'of shared files' }),
  ],
  registerFiles: [input(() => ({ path: `shared/${SHARED_FILE}`, purpose: 'DATASET', waitSeconds: 60 }))],
  registerModel: [
    input(({ modelFiles }, count) => ({ name: `m ${count}`, path: modelFiles }), { of: 'of private files' }),
    input(({ training }, count) => ({ name: `m ${count}`, trainingId: training }), { of: 'of a training' }),
  ],
  releaseTask: [consumes('task')],
  renewTicket: [{ endsCredential: true }],
  reportComputingResources: [input(() => ({ reports: [sampleGraphReport()] }), { of: 'of the provider' })],
  resubmitTraining: [byId('training')],
  revokeApiToken: [consumes('token')],
  saveMachines: [input(({ hiddenMachine }) => ({ machines: [{ id: hiddenMachine, cpus: 2, status: 'RUNNING', memoryBytes: 1, gpu: 'none', ip: '10.9.9.9' }] }))],
  saveProvider: [input(() => ({ organization: SAMPLE_ORGANIZATION, allocationTimeoutSeconds: 6 }))],
  snapshotVirtualMachine: [input(({ virtualMachine }) => ({ id: virtualMachine, name: 'kept' }))],
  startInferenceService: [byId('waitingService')],
  startNotebook: [byId('waitingNotebook')],
  startVirtualMachine: [byId('virtualMachine')],
  stopInferenceService: [byId('waitingService')],
  stopNotebook: [byId('waitingNotebook')],
  stopTraining: [consumes('waitingTraining')],
  stopVirtualMachine: [byId('virtualMachine')],
  submitTask: [input(() => ({ template: {} }))],
  updateDataset: [input(({ dataset }) => ({ id: dataset, alias: 'newest' }), { of: 'private' }), input(({ publicDataset }) => ({ id: publicDataset, alias: 'newest' }), { of: 'public' })],
  updateModel: [input(({ model }) => ({ id: model, alias: 'newest' }), { of: 'private' }), input(({ publicModel }) => ({ id: publicModel, alias: 'newest' }), { of: 'public' })],
  updateUser: [input(({ victim }) => ({ id: victim, organization: '20009' }))],
  uploadDataset: [input((_, count) => ({ name: `d ${count}`, file: text(), waitSeconds: 60 }))],
  uploadFiles: [input(() => ({ file: text(), purpose: 'DATASET', waitSeconds: 60 }))],
  uploadImage: [input(({ service }) => ({ serviceId: service, image: picture() }))],
  uploadModel: [{ variables: async (_, count) => ({ input: { name: `m ${count}`, file: await modelFile(), waitSeconds: 60 } }) }],
};
