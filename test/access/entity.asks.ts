import { SAMPLE_IDENTIFIER } from '../testkit/sample.js';
import type { Things } from './things.js';

/** A reference to an entity, as the gateway makes it of what another subgraph answered. */
export interface EntityAsk {
  of?: string;
  /** Beside `__typename`. */
  key: (things: Things) => Record<string, string>;
}

const byId = (of: keyof Things, title?: string): EntityAsk => ({ ...(title === undefined ? {} : { of: title }), key: (things) => ({ id: things[of] }) });

/** How each entity is asked for by each of its keys, with those of the member's and the provider's own. */
export const entityAsks: Readonly<Record<string, readonly EntityAsk[]>> = {
  'CodeName by id': [{ key: () => ({ id: 'CITY:1101' }) }],
  'ComputingIdentifier by id': [{ key: () => ({ id: '1' }) }],
  'ComputingIdentifier by value': [{ key: () => ({ value: SAMPLE_IDENTIFIER }) }],
  'ComputingResource by id': [byId('resource')],
  'Dataset by id': [byId('dataset', 'private'), byId('publicDataset', 'public')],
  'InferenceService by id': [byId('service')],
  'Machine by id': [byId('machine', 'granted to the member'), byId('hiddenMachine', 'granted to nobody')],
  'Model by id': [byId('model', 'private'), byId('publicModel', 'public')],
  'Notebook by id': [byId('notebook')],
  'Task by id': [byId('task')],
  'Training by id': [byId('training')],
  'User by id': [byId('member', 'the member')],
  'VirtualMachine by id': [byId('virtualMachine')],
};

/** A way through the graph to an entity that another subgraph answers for. */
export interface PathAsk {
  /** The root field and what is between it and the field, as a selection with `…` where the field stands. */
  query: string;
  id?: keyof Things;
}

const of = (root: string, id: keyof Things): PathAsk => ({ query: `query ($id: ID!) { ${root}(id: $id) { … } }`, id });

/** Every field of one subgraph that names an entity of another. Of what is public the public one is asked for. */
export const pathAsks: Readonly<Record<string, PathAsk>> = {
  'Dataset.owner': of('dataset', 'publicDataset'),
  'FileSet.owner': of('fileSet', 'publicFiles'),
  'InferenceService.owner': of('inferenceService', 'service'),
  'Model.owner': of('model', 'publicModel'),
  'Notebook.owner': of('notebook', 'notebook'),
  'Offer.resource': { query: 'query ($id: ID!) { task(id: $id) { offers(first: 1) { nodes { … } } } }', id: 'task' },
  'Provider.organization': { query: '{ providers { … } }' },
  'Task.chosen': of('task', 'allocatedTask'),
  'Task.owner': of('task', 'task'),
  'Training.owner': of('training', 'training'),
  'VirtualMachine.owner': of('virtualMachine', 'virtualMachine'),
};
