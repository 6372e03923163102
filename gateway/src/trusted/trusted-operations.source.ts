import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { SettingError } from '@hutong/common';
import { z } from 'zod';

/** Documents that clients may run, each under the id it was written with. */
export type TrustedDocuments = ReadonlyMap<string, string>;

const SETTING = 'HUTONG_TRUSTED_OPERATIONS';

const manifest = z.object({
  format: z.literal('apollo-persisted-query-manifest'),
  version: z.literal(1),
  operations: z.array(z.object({ id: z.string().min(1), body: z.string().min(1) })),
});

const documentsById = z.record(z.string().min(1), z.string().min(1));

/**
 * Reads the allow-listed operations: Apollo's persisted-query manifest, a JSON object of documents by their ids, or a folder
 * whose `.graphql` files are a document each, with the file's name as its id.
 *
 * @throws SettingError when there is nothing to read, or something else
 */
export async function readTrustedDocuments(place: string): Promise<TrustedDocuments> {
  const documents = await ((await isFolder(place)) ? readFolder(place) : readManifest(place));
  if (documents.size === 0) throw fault(`${place} holds no operation`);
  return documents;
}

async function isFolder(place: string): Promise<boolean> {
  try {
    return (await stat(place)).isDirectory();
  } catch (error) {
    throw fault((error as Error).message);
  }
}

async function readFolder(folder: string): Promise<TrustedDocuments> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.graphql')).toSorted();
  return new Map(await Promise.all(files.map(async (file) => [path.basename(file, '.graphql'), await readFile(path.join(folder, file), 'utf8')] as const)));
}

async function readManifest(file: string): Promise<TrustedDocuments> {
  const content = parseJson(await readFile(file, 'utf8'), file);
  const apollo = manifest.safeParse(content);
  if (apollo.success) return distinct(apollo.data.operations.map(({ id, body }) => [id, body]));
  const plain = documentsById.safeParse(content);
  if (plain.success) return new Map(Object.entries(plain.data));
  throw fault(`${file} is neither a persisted-query manifest of Apollo, version 1, nor a JSON object of documents by their ids`);
}

function distinct(entries: [string, string][]): TrustedDocuments {
  const documents = new Map<string, string>();
  for (const [id, body] of entries) {
    if (documents.has(id)) throw fault(`the id ${JSON.stringify(id)} stands twice in the manifest`);
    documents.set(id, body);
  }
  return documents;
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw fault(`${file} is not JSON: ${(error as Error).message}`);
  }
}

const fault = (problem: string): SettingError => new SettingError(`${SETTING}: ${problem.replaceAll(/\s+/g, ' ')}; for example ${SETTING}=/etc/hutong/operations.json`);
