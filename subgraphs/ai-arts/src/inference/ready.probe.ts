import type { InferenceRuntime } from '../drivers/runtime/runtime.js';

const READY_MS = 1_000;

/** Whether a model answers within a second that it is ready; it is not spoken to by this runtime afterwards. */
export async function answersReady(runtime: InferenceRuntime, signal: AbortSignal): Promise<boolean> {
  try {
    return await runtime.ready(AbortSignal.any([signal, AbortSignal.timeout(READY_MS)]));
  } catch (error) {
    if (signal.aborted) throw error;
    return false;
  } finally {
    await runtime.close();
  }
}
