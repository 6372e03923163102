import { randomUUID } from 'node:crypto';
import { actor, admin, type Actor, type LegacyAnswer } from './actor.js';
import { startPlatform, type Platform, type PlatformOptions } from './platform.js';
import { SAMPLE_IDENTIFIER, SAMPLE_ORGANIZATION, sampleReport } from './sample.js';

export const IDS = 'computing_ids/';
export const RESOURCES = 'computing_resources/';
export const TEMPLATE = 'query_computing_resources_by_task_template/';
export const PATH = 'task_path/';

export const OK = { code: 0, message: 'ok', data: {} };

export interface OfferedTask {
  task_id: number;
  count: number;
  results: ({ id: number } & Record<string, unknown>)[];
}

/** A platform with the people of 互通 on it: an admin, a provider of the sample's organization, a user. */
export interface InterconnectWorld {
  platform: Platform;
  root: Actor;
  provider: Actor;
  alice: Actor;
  /** A GPU model that nothing else in the world has, to find what a test reported by. */
  newModel(): string;
  report(...reports: Record<string, unknown>[]): Promise<LegacyAnswer>;
  /** Submits a template, which must be taken. */
  submit(template: Record<string, unknown>, user?: Actor): Promise<OfferedTask>;
  /** Reports a resource of a model of its own, and offers it to a new task of alice. */
  offered(over?: Record<string, unknown>, template?: Record<string, unknown>): Promise<{ taskId: number; resourceId: number; model: string }>;
  choose(taskId: unknown, resourceId: unknown, result?: unknown, user?: Actor): Promise<LegacyAnswer>;
  /** GPUs and CPUs of a resource that are reserved at present. */
  reserved(resourceId: number): Promise<{ gpu: number; cpu: number }>;
}

export async function interconnectWorld(options: PlatformOptions = {}): Promise<InterconnectWorld> {
  const platform = await startPlatform(options);
  try {
    return await peopled(platform);
  } catch (error) {
    await platform.dispose();
    throw error;
  }
}

async function peopled(platform: Platform): Promise<InterconnectWorld> {
  const root = await admin(platform);
  const provider = await actor(root, 'sugon', { roles: ['PROVIDER'], organization: SAMPLE_ORGANIZATION });
  const alice = await actor(root, 'alice');
  mustBeOk(await provider.interconnect('POST', IDS, { computing_ids: [SAMPLE_IDENTIFIER] }));
  let addresses = 0;
  const newModel = () => `Model <${randomUUID()}>`;
  const report: InterconnectWorld['report'] = (...reports) => provider.interconnect('POST', RESOURCES, { computing_resources: reports });
  const submit: InterconnectWorld['submit'] = async (template, user = alice) => mustBeOk(await user.interconnect('POST', TEMPLATE, template)).data as OfferedTask;
  return {
    platform,
    root,
    provider,
    alice,
    newModel,
    report,
    submit,
    async offered(over = {}, template = {}) {
      const model = newModel();
      addresses += 1;
      const address = `10.1.${addresses >> 8}.${addresses & 255}`;
      mustBeOk(await report(sampleReport({ gpu_model: model, network_ips: address, network_ips_available: address, ...over })));
      const task = await submit({ gpu_model: model, ...template });
      if (task.results.length !== 1) throw new Error(`expected the resource just reported to be offered, got ${JSON.stringify(task)}`);
      return { taskId: task.task_id, resourceId: task.results[0]!.id, model };
    },
    choose: (taskId, resourceId, result = true, user = alice) =>
      user.interconnect('POST', PATH, { task_id: taskId, computing_resource_id: resourceId, result }),
    async reserved(resourceId) {
      const { computingResource } = await alice.ask('query ($id: ID!) { computingResource(id: $id) { reserved { gpu cpu } } }', { id: String(resourceId) });
      return computingResource.reserved as { gpu: number; cpu: number };
    },
  };
}

function mustBeOk({ body }: LegacyAnswer): LegacyAnswer['body'] {
  if (body?.code !== 0) throw new Error(`expected code 0, got ${JSON.stringify(body)}`);
  return body;
}
