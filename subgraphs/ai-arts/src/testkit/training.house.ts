import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { House } from '@hutong/common';
import { caller, testSubgraph, type Answer, type TestSubgraph } from '@hutong/common/testkit';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { EngineDriver } from '../drivers/engine/engine.js';
import { DiskStore } from '../drivers/store/disk/disk.store.js';
import { Engine } from '../engine/engine.js';
import { readAiArtsSettings, type AiArtsSettings } from '../environment.js';
import { aiArtsWith, type AiArtsServices } from '../subgraph.js';
import type { ModelServers } from '../inference/model.servers.js';
import { FaultyStore } from './faulty.store.js';
import { uploadOf } from './files.house.js';
import { MemoryEngine } from './memory.engine.js';

export const TRAINING = 'id name state stateReason exitCode startedAt endedAt owner { id } codePath startupFile progress';

/** The subgraph over an engine in memory, or any other, and a real disk store, in a folder of its own. */
export interface TrainingHouse {
  subgraph: TestSubgraph<AiArtsServices>;
  engine: MemoryEngine;
  store: FaultyStore;
  /** An EntityManager of its own. */
  em(): EntityManager;
  /** The data folder, absolute. */
  folder: string;
  actor(of?: Parameters<typeof caller>[0]): TrainingActor;
  close(): Promise<void>;
}

interface HouseOptions {
  settings?: Partial<AiArtsSettings>;
  /** Another process, on the database, the folder and the engine of this one. */
  beside?: TrainingHouse;
  /** Opens the engine instead of one in memory; undefined: there is none. */
  driver?: (folder: string) => Promise<EngineDriver | undefined>;
  /** Serves models instead of workers of ours. */
  servers?: ModelServers;
}

export async function trainingHouse({ settings = {}, beside, driver, servers }: HouseOptions = {}): Promise<TrainingHouse> {
  const folder = beside?.folder ?? (await mkdtemp(path.join(tmpdir(), 'hutong-trainings-')));
  const engine = beside?.engine ?? new MemoryEngine();
  const store = beside?.store ?? new FaultyStore(await DiskStore.open({ folder: path.join(folder, 'store'), leftoverMs: 0 }));
  const all: AiArtsSettings = { ...readAiArtsSettings({}), orphanGraceMs: 0, stopGraceSeconds: 0, ...settings, dataDirectory: folder };
  const opened = async (): Promise<Engine> => new Engine(driver ? await driver(folder) : engine, 'set ENGINE_DRIVER');
  const module = aiArtsWith(() => ({ settings: all, openEngine: opened, openStore: async () => store, ...(servers ? { openServers: () => servers } : {}) }));
  let database: House['database'] | undefined;
  const start = (house: House) => {
    ({ database } = house);
    return module.start(house);
  };
  const subgraph = await testSubgraph({ ...module, start }, new Map(), beside?.subgraph);
  return {
    subgraph,
    engine,
    store,
    em: () => database!.em.fork(),
    folder,
    actor: (of) => new TrainingActor(subgraph, caller(of)),
    async close() {
      await subgraph.stop();
      if (!beside) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Somebody who trains. */
export class TrainingActor {
  constructor(
    private readonly subgraph: TestSubgraph<AiArtsServices>,
    readonly as: ReturnType<typeof caller>,
  ) {}

  ask(document: string, variables: Record<string, unknown> = {}): Promise<Answer> {
    return this.subgraph.ask(document, { as: this.as, variables });
  }

  listen(document: string, variables: Record<string, unknown> = {}): Promise<AsyncIterableIterator<Answer>> {
    return this.subgraph.listen(document, { as: this.as, variables });
  }

  create(input: Record<string, unknown> = {}): Promise<Answer> {
    return this.ask(`mutation ($input: CreateTrainingInput!) { createTraining(input: $input) { ${TRAINING} } }`, { input: { name: 'mnist', engine: 'bash', code: { name: 'train.sh', text: 'echo hello' }, ...input } });
  }

  /** The id of a training that was taken on. */
  async created(input: Record<string, unknown> = {}): Promise<string> {
    const { data, errors } = await this.create(input);
    if (!data) throw new Error(`not taken on: ${JSON.stringify(errors)}`);
    return data.createTraining.id as string;
  }

  /** The code that a training is refused with, and what it says. */
  async refused(input: Record<string, unknown>): Promise<string> {
    const { data, errors } = await this.create(input);
    if (errors.length !== 1) throw new Error(`not refused: ${JSON.stringify({ data, errors })}`);
    return `${errors[0]!.extensions.code} ${errors[0]!.message}`;
  }

  /** Uploads files, and answers their path. */
  async uploaded(purpose: 'CODE' | 'DATASET' | 'MODEL', fileName: string, body: Buffer | string): Promise<string> {
    const input = { file: uploadOf(fileName, Buffer.from(body)), purpose, waitSeconds: 60 };
    const { data, errors } = await this.ask('mutation ($input: UploadFilesInput!) { uploadFiles(input: $input) { path state } }', { input });
    if (data?.uploadFiles?.state !== 'READY') throw new Error(`not READY: ${JSON.stringify({ data, errors })}`);
    return data.uploadFiles.path as string;
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads data of any shape
  async look(id: string, fields = TRAINING): Promise<any> {
    return (await this.ask(`query ($id: ID!) { training(id: $id) { ${fields} } }`, { id })).data.training;
  }

  /** Asks `<verb>Training`. */
  change(verb: 'stop' | 'delete' | 'resubmit', id: string): Promise<Answer> {
    return this.ask(`mutation ($id: ID!) { ${verb}Training(id: $id)${verb === 'delete' ? '' : ' { id state }'} }`, { id });
  }

  /** Looks until the training is as said; answers it. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads data of any shape
  async until(id: string, state: string): Promise<any> {
    for (const deadline = Date.now() + 20_000; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
      const training = await this.look(id);
      if (training?.state === state) return training;
      if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(training)}, not ${state}`);
    }
  }
}
