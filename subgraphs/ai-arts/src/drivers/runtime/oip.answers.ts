import { z } from 'zod';
import { RuntimeFailure, type ModelMetadata, type RuntimeStatistics } from './runtime.js';

/** An answer that was read to its end. */
export interface OipAnswer {
  status: number;
  /** Lower-case names; of one that came more than once, the first. */
  header(name: string): string | undefined;
  body: Buffer;
}

const BINARY_EXTENSION = 'binary_tensor_data';
const LONGEST_WORDS = 500;
/** Whoever says this could take the request at another time. */
const BUSY = [429, 503];
const OUR_MISTAKE = [400, 413, 422];

const server = z.object({ extensions: z.array(z.string()).default([]) });
const tensor = z.object({ name: z.string(), datatype: z.string(), shape: z.array(z.coerce.number().int().min(-1)) });
const model = z.object({ name: z.string(), platform: z.string().default(''), inputs: z.array(tensor).default([]), outputs: z.array(tensor).default([]) });
const spent = z.object({ count: z.number(), ns: z.number() });
const statistics = z.object({
  model_stats: z
    .array(
      z.object({
        execution_count: z.number(),
        inference_stats: z.object({ success: spent, fail: spent }),
        queue_length: z.number().optional(),
        rejected_count: z.number().optional(),
        latency_ms: z.object({ p50: z.number().nullable(), p95: z.number().nullable(), p99: z.number().nullable() }).optional(),
      }),
    )
    .min(1),
});

/** Whether the server takes and gives tensors as binary data; it says so at `/v2`. */
export const hasBinaryData = (answer: OipAnswer): boolean => parsed(answer, server).extensions.includes(BINARY_EXTENSION);

/** @throws FAILED: the answer is not of the protocol */
export const metadataIn = (answer: OipAnswer): ModelMetadata => parsed(answer, model);

/** In the form of Triton's statistics extension, which our own worker adds to. */
export function statisticsIn(answer: OipAnswer): RuntimeStatistics {
  const [{ execution_count: executions, inference_stats: { success, fail }, queue_length: queueLength, rejected_count: rejected, latency_ms: latency }] = parsed(answer, statistics).model_stats as [z.infer<typeof statistics>['model_stats'][number]];
  const mean = success.count === 0 ? null : success.ns / success.count / 1e6;
  return { succeeded: success.count, failed: fail.count, rejected: rejected ?? null, executions, queueLength: queueLength ?? null, latencyMs: { mean, p50: null, p95: null, p99: null, ...latency } };
}

/** Whether the server could answer at another time. */
export const isBusy = ({ status }: Pick<OipAnswer, 'status'>): boolean => BUSY.includes(status);

/** What an answer that is none of success says. */
export function refusalOf(answer: OipAnswer): RuntimeFailure {
  const { status, header, body } = answer;
  const words = wordsIn(body);
  if (isBusy(answer)) return new RuntimeFailure('BUSY', words ?? 'the model has too many requests to answer', { retryAfterSeconds: secondsIn(header('retry-after')) });
  if (OUR_MISTAKE.includes(status)) return new RuntimeFailure('REFUSED', words ?? `the model refuses the request (HTTP ${status})`);
  if (status === 401 || status === 403) return new RuntimeFailure('FAILED', `the inference server refuses our credential (HTTP ${status})`);
  return new RuntimeFailure('FAILED', words === undefined ? `the inference server answers with HTTP ${status}` : `the inference server answers with HTTP ${status}: ${words}`);
}

/** An answer that is not of the protocol. */
export const nonsense = (what: string, cause?: unknown): RuntimeFailure => new RuntimeFailure('FAILED', `the inference server answers what is not of the Open Inference Protocol: ${what}`, { cause });

function parsed<Schema extends z.ZodType>({ body }: OipAnswer, schema: Schema): z.infer<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch (error) {
    throw nonsense('no JSON', error);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw nonsense(`${issue!.path.join('.') || 'the body'}: ${issue!.message}`, result.error);
}

/** The server's own words, in one line of bounded length. */
function wordsIn(body: Buffer): string | undefined {
  try {
    const { error } = JSON.parse(body.toString()) as { error?: unknown };
    return typeof error === 'string' && error.trim() !== '' ? error.replaceAll(/\s+/g, ' ').trim().slice(0, LONGEST_WORDS) : undefined;
  } catch {
    return undefined;
  }
}

const secondsIn = (text: string | undefined): number | null => (text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : null);
