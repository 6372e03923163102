// The thread that has the model: a run blocks it, and not the one that answers HTTP.
import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node';
import { ELEMENT_TYPES, type Datatype, type Tensor } from '../protocol/tensor.js';
import { loadOnnx, type OnnxLibrary } from './onnx.library.js';
import type { DeclaredTensor, LoadMessage, LoadedModel, RunMessage, SessionOptions } from './session.messages.js';

const TYPES: Readonly<Record<string, Datatype>> = {
  bool: 'BOOL',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  float16: 'FP16',
  float32: 'FP32',
  float64: 'FP64',
};
const NAMES = Object.fromEntries(Object.entries(TYPES).map(([name, datatype]) => [datatype, name])) as Record<Datatype, OnnxTensor.Type>;
const LONGEST_WORDS = 400;
const SOURCE_PLACE = /(?:\/onnxruntime_src\/\S+?|\b\w+\.cc):\d+ (?:(?:[\w:*&<>]+ )?[\w:]+\([^()]*(?:\([^()]*\)[^()]*)*\)|[\w:]+) ?/g;
const RESOLVED_PATH = / resolved path: .*$/;

// With it ONNX Runtime takes FP16 as arrays of that type, whose bytes its native part then does not see.
Reflect.deleteProperty(globalThis, 'Float16Array');

const options = workerData as SessionOptions;
const port = parentPort!;

try {
  const library = await loadOnnx(options.library);
  const session = await open(library);
  const model = describe(session, library);
  port.on('message', (inputs: Tensor[]) => void run(library, session, model, inputs).then(({ message, transfer }) => port.postMessage(message, transfer)));
  port.postMessage({ loaded: model } satisfies LoadMessage);
} catch (error) {
  port.postMessage({ refused: inWords(error) } satisfies LoadMessage);
}

function open({ onnx, kind }: OnnxLibrary): Promise<InferenceSession> {
  return onnx.InferenceSession.create(options.model, {
    executionProviders: [kind === 'native' ? 'cpu' : 'wasm'],
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
    // Threads that wait for the next run must not keep processors busy that others could use.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
}

function describe(session: InferenceSession, { onnx, kind, problem }: OnnxLibrary): LoadedModel {
  const inputs = session.inputMetadata.map((value) => declared(value) ?? refuse(`its input ${value.name} is ${kindOf(value)}, which cannot be sent`));
  const outputs = session.outputMetadata.map(declared);
  const left = session.outputMetadata.filter((_, index) => !outputs[index]);
  const notes = left.map((value) => `the output ${value.name} is ${kindOf(value)} and is left out`);
  if (problem !== null) notes.unshift(`the native ONNX Runtime does not load here, so WebAssembly is used, which is slower (${oneLine(problem)})`);
  if (left.length === outputs.length) refuse('it has no output that could be answered with');
  return { inputs, outputs: outputs.filter((output) => output !== undefined), library: `ONNX Runtime ${onnx.env.versions.common}, ${kind}`, notes };
}

function declared(value: InferenceSession.ValueMetadata): DeclaredTensor | undefined {
  const datatype = value.isTensor ? TYPES[value.type] : undefined;
  return value.isTensor && datatype ? { name: value.name, datatype, shape: value.shape } : undefined;
}

function kindOf(value: InferenceSession.ValueMetadata): string {
  return value.isTensor ? `a tensor of ${value.type}` : 'no tensor';
}

async function run({ onnx }: OnnxLibrary, session: InferenceSession, { outputs: wanted }: LoadedModel, inputs: Tensor[]): Promise<{ message: RunMessage; transfer: ArrayBuffer[] }> {
  try {
    const feeds = Object.fromEntries(inputs.map(({ name, datatype, shape, data }) => [name, new onnx.Tensor(NAMES[datatype], data as never, shape)]));
    const found = await session.run(feeds, wanted.map(({ name }) => name));
    const outputs = wanted.map(({ name, datatype }) => {
      const { data, dims } = found[name] as OnnxTensor;
      const { buffer, byteOffset, byteLength } = data as Uint8Array<ArrayBuffer>;
      const { view, bytes } = ELEMENT_TYPES[datatype];
      return { name, datatype, shape: dims, data: new view(buffer, byteOffset, byteLength / bytes) };
    });
    return { message: { outputs }, transfer: [] };
  } catch (error) {
    return { message: { failed: inWords(error) }, transfer: [] };
  }
}

function refuse(words: string): never {
  throw new Error(words);
}

/** In one line, without the folders of this machine and without where in its own source the library was. */
function inWords(error: unknown): string {
  const words = oneLine(error instanceof Error ? error.message : String(error)).replaceAll(SOURCE_PLACE, ' ').replace(RESOLVED_PATH, '');
  return oneLine(words.replaceAll(`${path.dirname(options.model)}/`, '')).slice(0, LONGEST_WORDS);
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
