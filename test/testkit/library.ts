import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import type { Actor, GraphAnswer } from './actor.js';
import type { Platform } from './platform.js';

/** A dataset as whoever sees it sees it. */
export interface SeenDataset {
  id: string;
  name: string;
  version: string;
  path: string;
  isPrivate: boolean;
  fileCount: number;
  sizeBytes: number;
  sha256: string;
  downloadUrl: string;
}

export const DATASET = 'id name version path isPrivate fileCount sizeBytes sha256 downloadUrl';

/** Somebody who keeps datasets and models, through GraphQL over HTTP. */
export class Librarian {
  constructor(readonly actor: Actor) {}

  /** Runs a mutation whose variable `input.file` is a file. */
  send(query: string, input: Record<string, unknown>, fileName: string, body: Uint8Array | string): Promise<GraphAnswer> {
    const file = new File([typeof body === 'string' ? body : new Uint8Array(body)], fileName);
    return this.actor.graph(query, { input: { ...input, file } });
  }

  /** A dataset of what is sent; it is waited for. */
  async dataset(name: string, fileName: string, body: Uint8Array | string, input: Record<string, unknown> = {}): Promise<SeenDataset> {
    const { data, errors } = await this.send(`mutation ($input: UploadDatasetInput!) { uploadDataset(input: $input) { ${DATASET} } }`, { name, waitSeconds: 60, ...input }, fileName, body);
    if (errors.length > 0) throw new Error(`${name}: ${JSON.stringify(errors)}`);
    return data.uploadDataset as SeenDataset;
  }

  async datasets(filter: Record<string, unknown> = {}): Promise<SeenDataset[]> {
    return (await this.actor.ask(`query ($filter: DatasetFilter) { datasets(filter: $filter, first: 50) { nodes { ${DATASET} } } }`, { filter })).datasets.nodes as SeenDataset[];
  }
}

/** What a platform keeps of files, seen from outside: it is well when the files are those of the rows. */
export interface FileHoldings {
  /** Files on the disk of the store. */
  stored: number;
  /** Files that sets have by our table. */
  recorded: number;
  /** Sets that are not READY. */
  between: string[];
  /** Archives that wait to be unpacked. */
  incoming: string[];
}

/** What a platform with the disk store holds. */
export async function fileHoldings({ dataDirectory, databaseUrl }: Platform): Promise<FileHoldings> {
  const folder = join(dataDirectory, 'ai-arts');
  const found = await readdir(join(folder, 'store/files'), { recursive: true, withFileTypes: true }).catch(() => []);
  const database = new Client({ connectionString: databaseUrl });
  await database.connect();
  try {
    const { rows: sets } = await database.query<{ id: string; state: string; files: number }>('select id, state, (select count(*)::integer from ai_arts.file_set_file where file_set_id = id) as files from ai_arts.file_set');
    return {
      stored: found.filter((entry) => entry.isFile()).length,
      recorded: sets.reduce((sum, { files }) => sum + files, 0),
      between: sets.filter(({ state }) => state !== 'READY').map(({ id, state }) => `${state} ${id}`),
      incoming: await readdir(join(folder, 'incoming')).catch(() => []),
    };
  } finally {
    await database.end();
  }
}
