import path from 'node:path';
import { sql } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import { modelNotServable } from '../errors.js';
import type { Model } from '../model/model.entity.js';

const FORMAT = 'onnx';
/** The name that one of several ONNX files has to have to be the model. */
const MAIN_FILE = 'model.onnx';

const ONNX_FILES = `
  select path from ai_arts.file_set_file
  where file_set_id = $1 and ($2 = '' or path = $2 or starts_with(path, $2 || '/')) and path ilike '%.onnx' order by path`;

/** The path of the one ONNX file of a model, in its set. @throws MODEL_NOT_SERVABLE */
export async function onnxFileOf(em: EntityManager, { id, format, fileSetId, folder }: Model): Promise<string> {
  const refusal = (problem: string) => modelNotServable({ id: String(id), problem, field: 'input.modelId' });
  if (format !== FORMAT) throw refusal(`its format is ${JSON.stringify(format)}, and services run ${FORMAT}`);
  const files = (await sql<{ path: string }>(em, ONNX_FILES, [fileSetId, folder])).map((file) => file.path);
  const main = files.filter((file) => path.posix.basename(file) === MAIN_FILE);
  const [found] = files.length === 1 ? files : main;
  if (found === undefined) throw refusal(files.length === 0 ? 'it has no .onnx file' : `it has ${files.length} .onnx files, and none of them is ${MAIN_FILE}`);
  if (main.length > 1) throw refusal(`it has ${main.length} files that are called ${MAIN_FILE}`);
  return found;
}
