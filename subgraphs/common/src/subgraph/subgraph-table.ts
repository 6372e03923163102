/** The subgraphs of the platform, each with the port on which it listens when it is alone. All else of a name is derived here. */
export const subgraphPorts = {
  'compute-registry': 4001,
  scheduling: 4002,
  'cloud-vm': 4003,
  machines: 4004,
  'ai-arts': 4005,
} as const satisfies Record<string, number>;

export type SubgraphName = keyof typeof subgraphPorts;

export const subgraphNames = Object.keys(subgraphPorts) as SubgraphName[];

/** @throws Error for a name that is not in the table */
export function knownSubgraph(name: string): SubgraphName {
  const known = subgraphNames.find((of) => of === name);
  if (!known) throw new Error(`${name} is not among the subgraphs of subgraph-table.ts`);
  return known;
}

/** `compute-registry` as it stands in the names of settings: `COMPUTE_REGISTRY`. */
type InSettings<Name extends string> = Name extends `${infer Word}-${infer Rest}` ? `${Uppercase<Word>}_${InSettings<Rest>}` : Uppercase<Name>;

/** The setting that says where the subgraph listens. */
export type UrlSetting = `SUBGRAPH_${InSettings<SubgraphName>}_URL`;
/** The setting that says where the subgraph keeps its rows. */
export type DatabaseSetting = `${InSettings<SubgraphName>}_DATABASE_URL`;

const inSettings = (name: SubgraphName) => name.toUpperCase().replaceAll('-', '_') as InSettings<SubgraphName>;

export const urlSetting = (name: SubgraphName): UrlSetting => `SUBGRAPH_${inSettings(name)}_URL`;

export const databaseSetting = (name: SubgraphName): DatabaseSetting => `${inSettings(name)}_DATABASE_URL`;

/** Something of each subgraph, by the name of the setting that it is about. */
export const bySetting = <Key extends string, Value>(setting: (name: SubgraphName) => Key, of: (name: SubgraphName) => Value) =>
  Object.fromEntries(subgraphNames.map((name) => [setting(name), of(name)])) as Record<Key, Value>;

/** What the settings say of each subgraph, by its name. */
export const bySubgraph = <Key extends string, Value>(setting: (name: SubgraphName) => Key, values: Readonly<Record<Key, Value>>) =>
  Object.fromEntries(subgraphNames.map((name) => [name, values[setting(name)]])) as Record<SubgraphName, Value>;
