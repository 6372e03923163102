import { deflateSync, crc32 } from 'node:zlib';
import { readdir, readFile } from 'node:fs/promises';
import type { Actor, GraphAnswer } from './actor.js';
import { tarGzOf } from './archive.js';
import { Librarian } from './library.js';
import { onnxModel } from './onnx.model.js';
import { until } from './processes.js';

/** A service as its owner sees it. */
export interface SeenService {
  id: string;
  state: string;
  stateReason: string | null;
  requests: number;
  failed: number;
  restarts: number;
  queue: number;
}

const SERVICE = 'id state stateReason requests failed restarts queue';
const RECOGNIZE = 'mutation ($input: RecognizeImageInput!) { recognizeImage(input: $input) { task labels { label score } pictureUrl } }';
const SIDE = 8;
const STEEPNESS = 0.25;

/** A network of 8 × 8 pixels, from -1 to 1, that tells dark pictures (class 0) from bright ones (class 1). */
export function brightnessOnnx(): Buffer {
  const pixels = SIDE * SIDE;
  const weights = Float32Array.from({ length: pixels * 2 }, (_, index) => (index % 2 === 0 ? -STEEPNESS : STEEPNESS));
  return onnxModel({
    nodes: [
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['z'] },
      { op: 'Softmax', inputs: ['z'], outputs: ['prob'], attributes: { axis: -1 } },
    ],
    weights: [{ name: 'w', dims: [pixels, 2], values: weights }],
    inputs: [{ name: 'x', shape: ['N', pixels] }],
    outputs: [{ name: 'prob', shape: ['N', 2] }],
  });
}

/** An archive of that network and of what it is to be given. */
export function brightnessModel(): Promise<Buffer<ArrayBuffer>> {
  return tarGzOf({ 'model.onnx': brightnessOnnx(), 'hutong.json': JSON.stringify({ input: { mean: 0.5, std: 0.5 }, labels: ['dark', 'bright'] }) });
}

/** A square PNG of one grey. */
export function greyPng(grey: number, side = 16): Buffer<ArrayBuffer> {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header[8] = 8;
  const rows = Buffer.alloc((side + 1) * side, grey);
  for (let row = 0; row < side; row++) rows[row * (side + 1)] = 0;
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

export const DARK = greyPng(10);
export const BRIGHT = greyPng(245);

/** Somebody who has pictures recognised, through GraphQL. */
export class Recognizer {
  constructor(readonly actor: Actor) {}

  /** The id of a model that tells dark pictures from bright ones. */
  async model(name: string): Promise<string> {
    const { data, errors } = await new Librarian(this.actor).send('mutation ($input: UploadModelInput!) { uploadModel(input: $input) { id format } }', { name, waitSeconds: 60 }, 'model.tar.gz', await brightnessModel());
    if (errors.length > 0) throw new Error(JSON.stringify(errors));
    return data.uploadModel.id as string;
  }

  /** The id of a service that was taken on. */
  async create(input: Record<string, unknown>): Promise<string> {
    const { createInferenceService } = await this.actor.ask('mutation ($input: CreateInferenceServiceInput!) { createInferenceService(input: $input) { id } }', { input: { name: 'brightness', ...input } });
    return createInferenceService.id as string;
  }

  /** The id of a service that runs. */
  async running(input: Record<string, unknown>): Promise<string> {
    return (await this.until(await this.create({ waitSeconds: 60, ...input }), 'RUNNING')).id;
  }

  async look(id: string): Promise<SeenService | null> {
    return (await this.actor.ask(`query ($id: ID!) { inferenceService(id: $id) { ${SERVICE} } }`, { id })).inferenceService as SeenService | null;
  }

  async until(id: string, state: string): Promise<SeenService> {
    let seen: SeenService | null = null;
    await until(`the service to be ${state}`, async () => {
      seen = await this.look(id);
      if (seen && ['FAILED', 'ERROR', 'KILLED'].includes(seen.state) && seen.state !== state) throw new Error(`it is ${JSON.stringify(seen)}: ${await this.log(id)}`);
      return seen?.state === state;
    });
    return seen!;
  }

  async log(id: string): Promise<string> {
    return (await this.actor.ask('query ($id: ID!) { inferenceService(id: $id) { log { text } } }', { id })).inferenceService.log.text as string;
  }

  async change(verb: 'stop' | 'start' | 'delete', id: string): Promise<void> {
    await this.actor.ask(`mutation ($id: ID!) { ${verb}InferenceService(id: $id)${verb === 'delete' ? '' : ' { id }'} }`, { id });
  }

  recognize(serviceId: string, picture: Buffer<ArrayBuffer>, input: Record<string, unknown> = {}): Promise<GraphAnswer> {
    return this.actor.graph(RECOGNIZE, { input: { serviceId, image: new File([picture], 'picture.png'), ...input } });
  }

  /** The surest label, or the code of the refusal. */
  async answer(serviceId: string, picture: Buffer<ArrayBuffer>): Promise<string> {
    const { data, errors } = await this.recognize(serviceId, picture);
    return errors[0]?.extensions.code ?? (data.recognizeImage.labels[0].label as string);
  }
}

/** The processes of a service's worker program on this host. */
export async function workersOf(serviceId: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [program = '', ...words] = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
      return /(?:^|\/)node$/.test(program) && words[0]?.endsWith('worker.main.js') && words.some((word) => word.includes(serviceId)) ? Number(pid) : null;
    }),
  );
  return found.filter((pid) => pid !== null);
}
