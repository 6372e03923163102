import { actor, type Actor } from '../testkit/actor.js';
import { ORGANIZATION } from './interconnect.inputs.js';
import { changed } from './world.values.js';

/** A provider with an organization of its own, so that nothing that anybody else reports can be seen in what it asks. */
export interface ProviderWorld {
  actor: Actor;
  organization: string;
  /** The ids of its tasks, in the order in which they were made. */
  tasks: number[];
  /** What was offered to each, best first. */
  offered: number[][];
  /** The ids of its resources, in an order that is the same in an equal world. */
  resources: number[];
}

/** Organizations of tests begin here: beyond any port, so that their digits stand in nothing else. */
const FIRST = 70_000;
let made = 0;

export async function providerWorld(root: Actor): Promise<ProviderWorld> {
  const organization = String(FIRST + made++);
  return { actor: await actor(root, `provider of ${organization}`, { roles: ['PROVIDER'], organization }), organization, tasks: [], offered: [], resources: [] };
}

/** An input with the world's own organization. */
export const inWorld = <Input>({ organization }: ProviderWorld, input: Input): Input => changed(input, { text: (text) => text.replaceAll(ORGANIZATION, organization) }) as Input;

/** What a world has answered, as an equal one would: its organization, tasks and resources have no numbers of their own. */
export const outOfWorld = ({ organization, tasks, resources }: ProviderWorld, output: unknown): unknown =>
  changed(output, {
    text: (text) => text.replaceAll(organization, ORGANIZATION).replaceAll(/\bcomputing resource (\d+)/g, (_, id: string) => `computing resource ${resources.indexOf(Number(id))}`),
    number: (value, key) => (key === 'task_id' ? `task ${tasks.indexOf(value)}` : key === 'id' ? `resource ${resources.indexOf(value)}` : value),
  });

const RESOURCES = `query ($organization: String) {
  computingResources(filter: { organization: $organization }, first: 60) {
    totalCount
    nodes {
      id powerConsumption cpuPerformance cpuAvailable gpuModel gpuPerformance gpuMemory gpuAvailable networkDelayMs networkPerformance networkIsIxp
      networkIps networkAvailable networkIpsAvailable networkPorts price stale reserved { cpu gpu } identifier { value } history { totalCount }
    }
  }
}`;

const IDENTIFIERS = 'query ($organization: String) { computingIdentifiers(filter: { organization: $organization }, first: 60) { nodes { value computeTotal storageTotal networkTotal power } } }';

const TASKS = `{ tasks(first: 20) { nodes { id state stateReason template source sessionIdentifier resourceUrl expiresAt chosen { id } offers(first: 20) { totalCount nodes { rank score refusedAt resource { id } } } } } }`;

/** Everything that the graph tells of a world, as an equal one would: what the contract has changed and does not show is in it. */
export async function effectsIn(world: ProviderWorld): Promise<unknown> {
  const { organization } = world;
  const [{ computingResources }, { computingIdentifiers }, { tasks }] = await Promise.all([world.actor.ask(RESOURCES, { organization }), world.actor.ask(IDENTIFIERS, { organization }), world.actor.ask(TASKS)]);
  const known = (computingResources.nodes as { id: string; gpuModel: string; networkIps: string; identifier: { value: string } }[]).toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  world.resources = known.map(({ id }) => Number(id));
  const nameOf = (id: string) => `resource ${world.resources.indexOf(Number(id))}`;
  return outOfWorld(world, {
    identifiers: computingIdentifiers.nodes.map(({ value, ...rest }: { value: string }) => ({ value, ...rest })).toSorted(byValue),
    resources: known.map(({ id, ...state }) => ({ name: nameOf(id), ...state })),
    tasks: (tasks.nodes as SeenTask[]).map(({ id, chosen, expiresAt, offers, ...task }) => ({
      name: `task ${world.tasks.indexOf(Number(id))}`,
      ...task,
      expires: expiresAt !== null,
      chosen: chosen && nameOf(chosen.id),
      offers: offers.nodes.map(({ refusedAt, resource, ...offer }) => ({ ...offer, refused: refusedAt !== null, resource: nameOf(resource.id) })),
      count: offers.totalCount,
    })),
  });
}

interface SeenTask {
  id: string;
  chosen: { id: string } | null;
  expiresAt: string | null;
  offers: { totalCount: number; nodes: { refusedAt: string | null; resource: { id: string } }[] };
}

/** What a resource is known by; the digits of the organization are the only difference between equal worlds. */
const keyOf = ({ identifier, networkIps, gpuModel }: { identifier: { value: string }; networkIps: string; gpuModel: string }): string => {
  const { value } = identifier;
  return JSON.stringify([value.slice(0, 6), value.slice(11), networkIps.split(',').toSorted(), gpuModel]);
};

const byValue = (one: { value: string }, other: { value: string }): number => (one.value < other.value ? -1 : 1);
