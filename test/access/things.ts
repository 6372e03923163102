import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import type { Actor } from '../testkit/actor.js';
import { tarGzOf } from '../testkit/archive.js';
import { brightnessModel, DARK, Recognizer } from '../testkit/inference.js';
import { Librarian } from '../testkit/library.js';
import { NotebookUser } from '../testkit/notebook.js';
import { SAMPLE_IDENTIFIER, SAMPLE_ORGANIZATION, sampleGraphReport } from '../testkit/sample.js';
import { Trainer } from '../testkit/training.js';
import { beginUpload } from './resumable.upload.js';
import type { Callers } from './callers.js';

/** Stands in everything of the member's that is not public, and so in no answer to anybody else but an admin. */
export const KEPT = 'kept-by-the-member';
/** Stands in what the member has made public. */
export const SHOWN = 'shown-by-the-member';
/** Stands in the settings of the provider, for it and for admins. */
export const OF_PROVIDER = 'kept-by-the-provider';
/** Stands in a machine that nobody was granted. */
export const OF_ADMINS = 'kept-by-admins';

/** Below `shared/` of the store. */
export const SHARED_FILE = 'for-all.txt';

/** What is asked for, each by what names it in variables: ids, and paths of files. */
export interface Things {
  member: string;
  /** A user who was made to be changed. */
  victim: string;
  machine: string;
  hiddenMachine: string;
  /** An API token's id. */
  token: string;
  /** Paths of private files. */
  code: string;
  data: string;
  modelFiles: string;
  /** The set of a private dataset, of a public one, and of one that has a public folder. */
  files: string;
  publicFiles: string;
  partlyPublicFiles: string;
  /** A path of the last beside that folder. */
  pathBesidePublic: string;
  dataset: string;
  publicDataset: string;
  partDataset: string;
  model: string;
  publicModel: string;
  training: string;
  waitingTraining: string;
  notebook: string;
  waitingNotebook: string;
  service: string;
  waitingService: string;
  image: string;
  /** A resumable upload that is not whole. */
  upload: string;
  virtualMachine: string;
  task: string;
  allocatedTask: string;
  resource: string;
}
export type ThingName = keyof Things;

type Made = Partial<Things> & Record<string, string>;

const APPROVE = 'mutation ($id: ID!) { approveJob(id: $id) { id } }';

/** Makes things of the member's, once for everybody who looks at them, and anew for whoever changes one. */
export class ThingMaker {
  #count = 0;

  constructor(
    private readonly callers: Callers,
    private readonly database: Client,
  ) {}

  async all(): Promise<Things> {
    // Ids that stand in no answer by chance.
    for (const [at, table] of NUMBERED.entries()) await this.database.query(`select setval(pg_get_serial_sequence($1, 'id'), $2)`, [table, (at + 1) * 100_000_000]);
    await this.#registry();
    const { code, data } = await this.#uploads();
    const [dataset, publicDataset, part, model, publicModel] = await Promise.all([this.#dataset(KEPT), this.#dataset(SHOWN, false), this.#partDataset(), this.#model(KEPT), this.#model(SHOWN, false)]);
    // First what ends: the two others leave no room on the engine.
    const training = await this.#finishedTraining();
    const [notebook, service] = await Promise.all([this.#runningNotebook(), this.#runningService(model.id)]);
    const one = { code, data, modelFiles: model.path, dataset: dataset.id, files: dataset.files, publicDataset: publicDataset.id, publicFiles: publicDataset.files, ...part };
    const things = { ...one, model: model.id, publicModel: publicModel.id, training, notebook, service, hiddenMachine: await this.#hiddenMachine() } as Made;
    for (const name of MADE_ALONE) things[name] = await this.fresh(name, things as unknown as Things);
    const resource = await this.#resource();
    const allocatedTask = await this.#allocatedTask(await this.fresh('task', things as unknown as Things), resource);
    return { member: this.member.userId, resource, allocatedTask, ...things } as unknown as Things;
  }

  get member(): Actor {
    return this.callers.member;
  }

  /** A new one of a kind. */
  async fresh(name: ThingName, known: Things): Promise<string> {
    const { callers, member } = this;
    switch (name) {
      case 'victim':
        return (await callers.admin.ask('mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }', { input: { username: this.#name('victim'), password: 'of the victim 1' } })).createUser.id as string;
      case 'machine':
        return this.#machine(KEPT, true);
      case 'token':
        return (await member.ask('mutation ($input: CreateApiTokenInput!) { createApiToken(input: $input) { apiToken { id } } }', { input: { name: KEPT, scopes: ['all'] } })).createApiToken.apiToken.id as string;
      case 'code':
      case 'data':
        return (await this.#uploads())[name];
      case 'modelFiles':
        return (await member.ask(UPLOAD, { input: { file: await modelFile(), purpose: 'MODEL', waitSeconds: 60 } })).uploadFiles.path as string;
      case 'dataset':
        return (await this.#dataset(KEPT)).id;
      case 'publicDataset':
        return (await this.#dataset(SHOWN, false)).id;
      case 'model':
        return (await this.#model(KEPT)).id;
      case 'publicModel':
        return (await this.#model(SHOWN, false)).id;
      case 'waitingTraining':
        return (await new Trainer(member).create('true', { name: KEPT })).id;
      case 'waitingNotebook':
        return (await new NotebookUser(member).create({ name: KEPT })).id;
      case 'waitingService':
        return new Recognizer(member).create({ name: KEPT, modelId: known.model });
      case 'image':
        return (await member.ask('mutation ($input: UploadImageInput!) { uploadImage(input: $input) { id } }', { input: { serviceId: known.service, image: picture() } })).uploadImage.id as string;
      case 'upload':
        return beginUpload(member);
      case 'virtualMachine':
        return this.virtualMachine(member.userId, KEPT);
      case 'task':
        return (await member.ask('mutation ($input: SubmitTaskInput!) { submitTask(input: $input) { id } }', { input: { template: { mark: KEPT } } })).submitTask.id as string;
      default:
        throw new Error(`there is one ${name} only`);
    }
  }

  #name(mark: string): string {
    return `${mark} ${++this.#count}`;
  }

  async #registry(): Promise<void> {
    const { provider } = this.callers;
    await provider.ask('mutation ($input: RegisterComputingIdentifiersInput!) { registerComputingIdentifiers(input: $input) { registered } }', { input: { values: [SAMPLE_IDENTIFIER] } });
    await provider.ask('mutation ($input: ReportComputingResourcesInput!) { reportComputingResources(input: $input) { created } }', { input: { reports: [sampleGraphReport()] } });
  }

  /** A task that has a resource; only then the provider's settings are such that they tell whose they are. */
  async #allocatedTask(task: string, resource: string): Promise<string> {
    const { member, admin } = this.callers;
    await member.ask('mutation ($input: ChooseTaskPathInput!) { chooseTaskPath(input: $input) { state } }', { input: { taskId: task, computingResourceId: resource, accept: true } });
    await admin.ask('mutation ($input: SaveProviderInput!) { saveProvider(input: $input) { savedAt } }', { input: { organization: SAMPLE_ORGANIZATION, urlTemplate: `https://provider.example/${OF_PROVIDER}` } });
    return task;
  }

  async #resource(): Promise<string> {
    return (await this.callers.admin.ask('{ computingResources(first: 1) { nodes { id } } }')).computingResources.nodes[0].id as string;
  }

  async #machine(mark: string, isGranted: boolean): Promise<string> {
    const { admin } = this.callers;
    const id = String(900_000_000 + ++this.#count);
    const machine = { id, name: this.#name(mark), cpus: 1, status: 'RUNNING', memoryBytes: 1, gpu: 'none', ip: '10.9.9.9' };
    await admin.ask('mutation ($machine: MachineInput!) { saveMachines(input: { machines: [$machine] }) { id } }', { machine });
    if (isGranted) await admin.ask('mutation ($id: ID!, $userId: ID!) { grantMachine(input: { machineId: $id, userId: $userId }) { id } }', { id, userId: this.member.userId });
    return id;
  }

  #hiddenMachine(): Promise<string> {
    return this.#machine(OF_ADMINS, false);
  }

  async #uploads(): Promise<{ code: string; data: string }> {
    const path = async (file: File, purpose: string) => (await this.member.ask(UPLOAD, { input: { file, purpose, waitSeconds: 60 } })).uploadFiles.path as string;
    return { code: await path(new File(['true'], 'start.sh'), 'CODE'), data: await path(new File([KEPT], `${KEPT}.txt`), 'DATASET') };
  }

  async #dataset(mark: string, isPrivate = true): Promise<{ id: string; files: string }> {
    const { id, path } = await new Librarian(this.member).dataset(this.#name(mark), `${mark}.txt`, mark, { isPrivate });
    return { id, files: path.split('/')[1]! };
  }

  /** A public dataset of one folder, beside which there is more that is not. */
  async #partDataset(): Promise<Pick<Things, 'partDataset' | 'partlyPublicFiles' | 'pathBesidePublic'>> {
    const archive = new File([await tarGzOf({ [`public/${SHOWN}.txt`]: SHOWN, [`private/${KEPT}.txt`]: KEPT })], 'both.tar.gz');
    const { uploadFiles } = await this.member.ask(UPLOAD, { input: { file: archive, purpose: 'DATASET', waitSeconds: 60 } });
    const { registerDataset } = await this.member.ask('mutation ($input: RegisterDatasetInput!) { registerDataset(input: $input) { id } }', { input: { name: this.#name(SHOWN), path: `${uploadFiles.path}/public`, isPrivate: false } });
    return { partDataset: registerDataset.id, partlyPublicFiles: uploadFiles.id, pathBesidePublic: `${uploadFiles.path}/private` };
  }

  async #model(mark: string, isPrivate = true): Promise<{ id: string; path: string }> {
    const { uploadModel } = await this.member.ask('mutation ($input: UploadModelInput!) { uploadModel(input: $input) { id path } }', { input: { name: this.#name(mark), isPrivate, file: await modelFile(), waitSeconds: 60 } });
    return uploadModel as { id: string; path: string };
  }

  #approve(id: string): Promise<unknown> {
    return this.callers.admin.ask(APPROVE, { id });
  }

  async #finishedTraining(): Promise<string> {
    const trainer = new Trainer(this.member);
    const { id } = await trainer.create(`echo ${KEPT}\nprintf weights > "\${!#}/weights.bin"`, { name: KEPT, params: { mark: KEPT } });
    await this.#approve(id);
    await trainer.until(id, 'FINISHED');
    return id;
  }

  async #runningNotebook(): Promise<string> {
    const user = new NotebookUser(this.member);
    const { id } = await user.create({ name: KEPT });
    await this.#approve(id);
    await user.until(id, 'RUNNING');
    return id;
  }

  async #runningService(modelId: string): Promise<string> {
    const recognizer = new Recognizer(this.member);
    const id = await recognizer.create({ name: KEPT, modelId });
    await this.#approve(id);
    await recognizer.until(id, 'RUNNING');
    return id;
  }

  /** There is no cloud: a virtual machine that was stopped when there was one. */
  async virtualMachine(ownerId: string, name: string): Promise<string> {
    const id = randomUUID();
    const columns = 'id, owner_id, name, image, image_id, flavor, flavor_id, internet_access, state, endpoints, request_hash';
    await this.database.query(`insert into cloud_vm.virtual_machine (${columns}) values ($1, $2, $3, 'i', 'i', 'f', 'f', false, 'SHUTOFF', '[]', '')`, [id, ownerId, name]);
    return id;
  }

  /** Without a cloud their destruction would be tried for ever. */
  async forgetDestroyed(): Promise<void> {
    await this.database.query(`update cloud_vm.virtual_machine set state = 'DELETED', errand = null, worker = null where state = 'DELETING'`);
  }
}

const UPLOAD = 'mutation ($input: UploadFilesInput!) { uploadFiles(input: $input) { id path } }';

const NUMBERED = ['ai_arts.dataset', 'ai_arts.model', 'scheduling.task', 'compute_registry.computing_resource'];

const MADE_ALONE: readonly ThingName[] = ['victim', 'machine', 'token', 'waitingTraining', 'waitingNotebook', 'waitingService', 'image', 'upload', 'virtualMachine', 'task'];

export const picture = (): File => new File([DARK], 'picture.png');

export const modelFile = async (): Promise<File> => new File([await brightnessModel()], 'model.tar.gz');
