import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { House } from '@hutong/common';
import { caller, testSubgraph, type Answer, type TestSubgraph } from '@hutong/common/testkit';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Upload, type FileUpload } from 'graphql-upload-ts';
import { DiskStore } from '../drivers/store/disk/disk.store.js';
import type { Store } from '../drivers/store/store.js';
import { Engine } from '../engine/engine.js';
import { readAiArtsSettings, type AiArtsSettings } from '../environment.js';
import { aiArtsWith, type AiArtsServices } from '../subgraph.js';
import { FaultyStore } from './faulty.store.js';

export const FILE_SET = 'id path state stateReason sizeBytes fileCount sha256 isPrivate expiresAt files { totalCount nodes { path sizeBytes sha256 } }';
const UPLOAD = `mutation ($input: UploadFilesInput!) { uploadFiles(input: $input) { ${FILE_SET} } }`;

/** The subgraph with a real disk store and without an engine, in a folder of its own. */
export interface FilesHouse {
  subgraph: TestSubgraph<AiArtsServices>;
  services: AiArtsServices;
  store: FaultyStore;
  /** An EntityManager of its own. */
  em(): EntityManager;
  /** The data folder, absolute. */
  folder: string;
  actor(of?: Parameters<typeof caller>[0]): FilesActor;
  /** Every key that the store has. */
  keys(): Promise<string[]>;
  close(): Promise<void>;
}

/** @param beside opens another process, on the database and the folder of the first */
export async function filesHouse(settings: Partial<AiArtsSettings> = {}, beside?: FilesHouse): Promise<FilesHouse> {
  const folder = beside?.folder ?? (await mkdtemp(path.join(tmpdir(), 'hutong-files-')));
  const store = new FaultyStore(await DiskStore.open({ folder: path.join(folder, 'store'), leftoverMs: 0 }));
  const all = { ...readAiArtsSettings({}), ...settings, dataDirectory: folder };
  let database: House['database'] | undefined;
  const module = aiArtsWith(() => ({ settings: all, openEngine: async () => new Engine(undefined, 'none'), openStore: async (): Promise<Store> => store }));
  const start = module.start;
  const subgraph = await testSubgraph({ ...module, start: (house) => {
      database = house.database;
      return start(house);
    } }, new Map(), beside?.subgraph);
  return {
    subgraph,
    services: subgraph.services,
    store,
    em: () => database!.em.fork(),
    folder,
    actor: (of) => new FilesActor(subgraph, caller(of)),
    async keys() {
      const keys: string[] = [];
      for await (const { key } of store.list('', new AbortController().signal)) keys.push(key);
      return keys;
    },
    async close() {
      await subgraph.stop();
      if (!beside) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A file as a request carries it. */
export function uploadOf(filename: string, body: Buffer | AsyncIterable<Uint8Array>): Upload {
  const upload = new Upload();
  const createReadStream = () => Readable.from(Buffer.isBuffer(body) ? [body] : body, { objectMode: false });
  upload.resolve({ filename, mimetype: 'application/octet-stream', encoding: '7bit', fieldName: 'file', createReadStream } as unknown as FileUpload);
  return upload;
}

/** Somebody who keeps files. */
export class FilesActor {
  constructor(
    private readonly subgraph: TestSubgraph<AiArtsServices>,
    readonly as: ReturnType<typeof caller>,
  ) {}

  ask(document: string, variables: Record<string, unknown> = {}): Promise<Answer> {
    return this.subgraph.ask(document, { as: this.as, variables });
  }

  /** Asks `uploadFiles`. */
  upload(filename: string, body: Buffer | AsyncIterable<Uint8Array>, input: Record<string, unknown> = {}): Promise<Answer> {
    return this.ask(UPLOAD, { input: { file: uploadOf(filename, body), purpose: 'DATASET', waitSeconds: 60, ...input } });
  }

  /** The set that an upload became, which must be READY. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads data of any shape
  async uploaded(...upload: Parameters<FilesActor['upload']>): Promise<any> {
    const { data, errors } = await this.upload(...upload);
    if (data?.uploadFiles?.state !== 'READY') throw new Error(`not READY: ${JSON.stringify({ data, errors })}`);
    return data.uploadFiles;
  }

  /** The code that an upload is refused with, and what it says. */
  async refused(...upload: Parameters<FilesActor['upload']>): Promise<string> {
    const { data, errors } = await this.upload(...upload);
    if (errors.length !== 1) throw new Error(`not refused: ${JSON.stringify({ data, errors })}`);
    return `${errors[0]!.extensions.code} ${errors[0]!.message}`;
  }
}
