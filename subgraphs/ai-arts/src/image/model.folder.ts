import { open } from 'node:fs/promises';
import path from 'node:path';
import { checkedPath } from '../files/relative-path.js';
import { documentFault, readModelDocument, type ModelDocument } from './model.document.js';

const DOCUMENT = 'hutong.json';
const MOST_BYTES = 8 * 1024 * 1024;

/**
 * Reads the `hutong.json` that lies beside a model, and the file of labels that it names: a label a line, or a list in JSON.
 *
 * @param folder absolute
 * @param modelFile the model's path in the folder
 * @returns its document with the labels in it; undefined without one
 * @throws BAD_INPUT naming the member of hutong.json, PATH_INVALID for a file of labels that is elsewhere
 */
export async function readModelFolder(folder: string, modelFile: string): Promise<{ document: ModelDocument | undefined }> {
  const beside = path.join(folder, path.dirname(modelFile));
  const text = await textOf(path.join(beside, DOCUMENT), '');
  if (text === undefined) return { document: undefined };
  const document = readModelDocument(parsed(text, ''));
  return { document: typeof document.labels === 'string' ? { ...document, labels: await labelsIn(beside, document.labels) } : document };
}

async function labelsIn(folder: string, name: string): Promise<string[]> {
  const text = await textOf(path.join(folder, checkedPath(name, `${DOCUMENT} labels`)), 'labels');
  if (text === undefined) throw documentFault('labels', `there is no file ${name} beside the model`);
  const labels = text.trimStart().startsWith('[') ? parsed(text, 'labels') : text.trimEnd().split(/\r?\n/);
  return readModelDocument({ labels }).labels as string[];
}

/** Undefined: there is no such file. */
async function textOf(file: string, member: string): Promise<string | undefined> {
  try {
    await using handle = await open(file);
    const { size } = await handle.stat();
    if (size > MOST_BYTES) throw documentFault(member, `the file has more than ${MOST_BYTES} bytes`);
    return new TextDecoder('utf-8', { fatal: true }).decode(await handle.readFile());
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') throw documentFault(member, 'the file is not UTF-8');
    throw error;
  }
}

function parsed(text: string, member: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw documentFault(member, `it is not JSON: ${(error as Error).message}`);
  }
}
