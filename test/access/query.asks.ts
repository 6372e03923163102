import { SAMPLE_IDENTIFIER } from '../testkit/sample.js';
import { KEPT, OF_ADMINS, OF_PROVIDER, SHOWN, type Things } from './things.js';

/** One way to ask a root field. */
export interface Ask {
  /** Of what; where a field is asked in several ways. */
  of?: string;
  variables?: (things: Things) => Record<string, unknown>;
  /** What stands in the answer to those who may see what is asked for. */
  mark?: string;
}

const byId = (of: keyof Things, mark: string = KEPT, title?: string): Ask => ({ ...(title === undefined ? {} : { of: title }), variables: (things) => ({ id: things[of] }), mark });
const owned = (mark: string = KEPT): Ask[] => [{ mark }, { of: 'of the member', variables: ({ member }) => ({ filter: { owner: member } }), mark }];
const privateAndPublic = (kept: keyof Things, shown: keyof Things): Ask[] => [byId(kept, KEPT, 'private'), byId(shown, SHOWN, 'public')];
const listsOfBoth: Ask[] = [
  { of: 'private ones', mark: KEPT },
  { of: 'public ones', mark: SHOWN },
  { of: 'private ones of the member', variables: ({ member }) => ({ filter: { owner: member, isPrivate: true } }), mark: KEPT },
];

/** How each field of Query is asked, with the names of the member's and the provider's own things. */
export const queryAsks: Readonly<Record<string, readonly Ask[]>> = {
  apiTokens: [{ mark: KEPT }],
  auditLog: [{}, { of: 'of the member', variables: ({ member }) => ({ actor: member }) }],
  availabilityZones: [{}],
  cloud: [{}],
  codes: [{ variables: () => ({ kind: 'CITY' }) }],
  computingIdentifiers: [{}],
  computingResource: [{ variables: ({ resource }) => ({ id: resource }) }],
  computingResources: [{}],
  dataset: [...privateAndPublic('dataset', 'publicDataset'), byId('partDataset', SHOWN, 'public, of one folder of files that are private')],
  datasets: listsOfBoth,
  engine: [{}],
  fileSet: [byId('files', KEPT, 'private'), byId('publicFiles', SHOWN, 'of a public dataset'), byId('partlyPublicFiles', KEPT, 'private, of one folder of which there is a public dataset')],
  inferenceService: [byId('service')],
  inferenceServices: owned(),
  machine: [byId('machine', KEPT, 'granted to the member'), byId('hiddenMachine', OF_ADMINS, 'granted to nobody')],
  machines: [{ of: 'granted to the member', mark: KEPT }, { of: 'granted to nobody', mark: OF_ADMINS }],
  matchComputingResources: [{ variables: () => ({ requirements: {}, explain: true }) }],
  me: [{}],
  model: privateAndPublic('model', 'publicModel'),
  models: listsOfBoth,
  notebook: [byId('notebook')],
  notebooks: owned(),
  parseComputingIdentifier: [{ variables: () => ({ value: SAMPLE_IDENTIFIER }) }],
  providers: [{ mark: OF_PROVIDER }],
  storage: [{}],
  task: [byId('task')],
  tasks: owned(),
  training: [byId('training')],
  trainings: owned(),
  users: [{}],
  virtualMachine: [byId('virtualMachine')],
  virtualMachines: owned(),
  vmFlavors: [{}],
  vmImages: [{}],
};
