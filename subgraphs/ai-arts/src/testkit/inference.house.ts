import { vi } from 'vitest';
import type { EngineJobSpec, EngineJobView } from '../drivers/engine/engine.js';
import type { AiArtsSettings } from '../environment.js';
import { InferenceActor } from './inference.actor.js';
import { ScriptedServers } from './scripted.servers.js';
import { trainingHouse, type TrainingHouse } from './training.house.js';

const SLOW = { timeout: 30_000 };

/** The subgraph with a model of alice's that tells dark pictures from bright ones, served as a test says. */
export class InferenceHouse {
  private constructor(
    readonly house: TrainingHouse,
    readonly servers: ScriptedServers,
    readonly alice: InferenceActor,
    readonly bob: InferenceActor,
    readonly modelId: string,
  ) {}

  static async open(settings: Partial<AiArtsSettings>): Promise<InferenceHouse> {
    const servers = new ScriptedServers();
    const house = await trainingHouse({ servers, settings });
    const alice = new InferenceActor(house.actor());
    return new InferenceHouse(house, servers, alice, new InferenceActor(house.actor()), await alice.model('bright or dark'));
  }

  /** Waits until a service of alice's is as said, and answers it. */
  async become(id: string, state: string) {
    for (const deadline = Date.now() + SLOW.timeout; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
      const service = await this.alice.look(id);
      if (service?.state === state) return service;
      if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(service)}, not ${state}`);
    }
  }

  /** The id of a service of alice's that runs. */
  async running(input: Record<string, unknown> = {}): Promise<string> {
    const id = await this.alice.created({ modelId: this.modelId, ...input });
    await this.become(id, 'RUNNING');
    return id;
  }

  /** The runs of a service that the engine has. */
  runsOf(id: string): { spec: EngineJobSpec; view: EngineJobView }[] {
    return [...this.house.engine.runs.values()].filter(({ spec }) => spec.folder.endsWith(id));
  }

  /** Everything as at the beginning: no service, and a worker that answers. */
  async tidy(): Promise<void> {
    const { alice, house } = this;
    Object.assign(this.servers, { isUp: true, needsEngine: true, busyTimes: 0, refusal: undefined, before: () => undefined });
    house.engine.startsAtOnce = true;
    for (const { id } of (await alice.actor.ask('{ inferenceServices(first: 100) { nodes { id } } }')).data.inferenceServices.nodes) await alice.change('delete', id);
    const document = 'query ($userId: ID!) { ownsRunningThings(userId: $userId) }';
    const hasNothing = async () => (await house.subgraph.ask(document, { origin: 'peer', variables: { userId: alice.actor.as.userId } })).data.ownsRunningThings === false;
    await vi.waitUntil(hasNothing, SLOW);
  }

  close(): Promise<void> {
    return this.house.close();
  }
}

/** The code that an answer was refused with. */
export const codeOf = ({ errors }: { errors: { extensions: { code?: string } }[] }): string | undefined => errors[0]?.extensions.code;
