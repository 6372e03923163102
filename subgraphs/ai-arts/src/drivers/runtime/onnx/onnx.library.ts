import type * as Onnx from 'onnxruntime-node';
import type { WorkerOptions } from './worker.options.js';

/** ONNX Runtime as it loads here. */
export interface OnnxLibrary {
  onnx: typeof Onnx;
  kind: 'native' | 'wasm';
  /** Why it is not the native one, where that was wanted. */
  problem: string | null;
}

/** Loads ONNX Runtime. The two libraries have one interface. */
export async function loadOnnx(wanted: WorkerOptions['library']): Promise<OnnxLibrary> {
  if (wanted === 'wasm') return { onnx: await loadWasm(), kind: 'wasm', problem: null };
  try {
    const { default: onnx } = (await import('onnxruntime-node')) as unknown as { default: typeof Onnx };
    return { onnx, kind: 'native', problem: null };
  } catch (error) {
    if (wanted === 'native') throw error;
    return { onnx: await loadWasm(), kind: 'wasm', problem: (error as Error).message };
  }
}

async function loadWasm(): Promise<typeof Onnx> {
  const onnx = await import('onnxruntime-web');
  // More would be threads of their own, each with a Node of its own.
  onnx.env.wasm.numThreads = 1;
  return onnx as unknown as typeof Onnx;
}
