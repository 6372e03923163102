import { OipClient } from '../drivers/runtime/oip.client.js';
import type { InferenceRuntime } from '../drivers/runtime/runtime.js';
import { inferenceFailed } from '../errors.js';
import type { ModelServers, ServiceRun } from './model.servers.js';
import { answersReady } from './ready.probe.js';

/** An inference server of the site, which has the models under the names that they have here; nothing is run on the engine. */
export class OipServers implements ModelServers {
  constructor(private readonly server: { url: string | undefined; token: string | undefined }) {}

  async prepare(service: ServiceRun, _folder: unknown, signal: AbortSignal): Promise<null> {
    if (await this.isReady(service, signal)) return null;
    throw inferenceFailed({ words: `the inference server of the site does not serve a model named ${JSON.stringify(service.servedName)}, or refuses us` });
  }

  async isReady(run: ServiceRun, signal: AbortSignal): Promise<boolean> {
    return answersReady(await this.runtimeOf(run), signal);
  }

  async runtimeOf({ servedName }: ServiceRun): Promise<InferenceRuntime> {
    const { url, token } = this.server;
    if (url === undefined) throw inferenceFailed({ words: 'no inference server of the site is set up (OIP_URL)' });
    return new OipClient({ address: url, model: servedName, ...(token === undefined ? {} : { token }) });
  }
}
