import { Agent, errors, request } from 'undici';
import { hasBinaryData, isBusy, metadataIn, nonsense, refusalOf, statisticsIn, type OipAnswer } from './oip.answers.js';
import { decodeMessage, decodeTensors, encodeMessage, JSON_LENGTH_HEADER, MessageFault, type EncodedMessage } from './protocol/tensor.message.js';
import { RuntimeFailure, type InferenceRuntime, type ModelMetadata, type RuntimeStatistics, type Tensor } from './runtime.js';

export interface OipClientOptions {
  /** Where the server is, such as `http://127.0.0.1:8000`; a path in it stands before the protocol's own. */
  address: string;
  /** The model's name on that server. */
  model: string;
  /** Sent as a bearer token. */
  token?: string;
  /** How long the server may take for an answer, whatever the caller's signal says. */
  patienceMs?: number;
  /** Requests on their way to the server at a time; more wait here. */
  connections?: number;
  /** Largest answer. */
  answerBytes?: number;
}

const PATIENCE_MS = 60_000;
/** An answer to a question about health that takes longer is none. */
const READY_MS = 5_000;
const CONNECTIONS = 128;
const ANSWER_BYTES = 64 * 1024 * 1024;

/** A model on any server of the Open Inference Protocol: our own worker, Triton, KServe. */
export class OipClient implements InferenceRuntime {
  readonly #agent: Agent;
  readonly #base: string;
  readonly #model: string;
  readonly #credential: Record<string, string>;
  readonly #patienceMs: number;
  #isBinary: boolean | undefined;

  constructor({ address, model, token, patienceMs = PATIENCE_MS, connections = CONNECTIONS, answerBytes = ANSWER_BYTES }: OipClientOptions) {
    this.#base = `${address.replace(/\/+$/, '')}/v2`;
    this.#model = `${this.#base}/models/${encodeURIComponent(model)}`;
    this.#credential = token === undefined ? {} : { authorization: `Bearer ${token}` };
    this.#patienceMs = patienceMs;
    this.#agent = new Agent({ connections, maxResponseSize: answerBytes, headersTimeout: 0, bodyTimeout: 0, connect: { timeout: patienceMs } });
  }

  async ready(signal: AbortSignal): Promise<boolean> {
    try {
      const { status } = await this.#ask(`${this.#model}/ready`, signal, { patienceMs: Math.min(READY_MS, this.#patienceMs) });
      return status === 200;
    } catch (error) {
      if (error instanceof RuntimeFailure) return false;
      throw error;
    }
  }

  async metadata(signal: AbortSignal): Promise<ModelMetadata> {
    return metadataIn(await this.#answer(this.#model, signal));
  }

  async infer(inputs: readonly Tensor[], signal: AbortSignal): Promise<Tensor[]> {
    const isBinary = (this.#isBinary ??= await this.#findBinary(signal));
    const message = this.#encoded(inputs, isBinary);
    const answer = await this.#answer(`${this.#model}/infer`, signal, message);
    try {
      return decodeTensors(decodeMessage(answer.body, answer.header(JSON_LENGTH_HEADER)), 'outputs');
    } catch (error) {
      if (error instanceof MessageFault) throw nonsense(error.message, error);
      throw error;
    }
  }

  async statistics(signal: AbortSignal): Promise<RuntimeStatistics | null> {
    const answer = await this.#ask(`${this.#model}/stats`, signal);
    if (answer.status === 404 || answer.status === 405) return null;
    if (answer.status !== 200) throw refusalOf(answer);
    return statisticsIn(answer);
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  /** A server that does not tell what it can speaks JSON alone. */
  async #findBinary(signal: AbortSignal): Promise<boolean> {
    const answer = await this.#ask(this.#base, signal);
    if (isBusy(answer)) throw refusalOf(answer);
    return answer.status === 200 && hasBinaryData(answer);
  }

  #encoded(inputs: readonly Tensor[], isBinary: boolean): EncodedMessage {
    try {
      return encodeMessage(isBinary ? { parameters: { binary_data_output: true } } : {}, 'inputs', inputs, () => isBinary);
    } catch (error) {
      if (error instanceof MessageFault) throw new RuntimeFailure('REFUSED', `${error.message}; the inference server takes JSON alone`, { cause: error });
      throw error;
    }
  }

  async #answer(url: string, signal: AbortSignal, message?: EncodedMessage): Promise<OipAnswer> {
    const answer = await this.#ask(url, signal, { message });
    if (answer.status !== 200) throw refusalOf(answer);
    return answer;
  }

  async #ask(url: string, signal: AbortSignal, { message, patienceMs = this.#patienceMs }: { message?: EncodedMessage | undefined; patienceMs?: number } = {}): Promise<OipAnswer> {
    signal.throwIfAborted();
    const patience = AbortSignal.timeout(patienceMs);
    try {
      const { statusCode, headers, body } = await request(url, {
        dispatcher: this.#agent,
        method: message ? 'POST' : 'GET',
        headers: { ...this.#credential, ...message?.headers },
        body: message?.body ?? null,
        signal: AbortSignal.any([signal, patience]),
      });
      const bytes = Buffer.from(await body.arrayBuffer());
      const header = (name: string): string | undefined => [headers[name]].flat()[0];
      return { status: statusCode, header, body: bytes };
    } catch (error) {
      signal.throwIfAborted();
      if (patience.aborted) throw new RuntimeFailure('GONE', `the inference server has not answered within ${patienceMs / 1_000} s`, { cause: error });
      if (error instanceof errors.ResponseExceededMaxSizeError) throw new RuntimeFailure('FAILED', 'the answer of the inference server is too large', { cause: error });
      if (error instanceof errors.HTTPParserError) throw nonsense('no HTTP', error);
      throw new RuntimeFailure('GONE', 'the inference server does not answer', { cause: error });
    }
  }
}
