import { parse, validate, type DocumentNode } from 'graphql';
import type { FederatedGraph, PlannedOperation } from '../federation/federated-graph.js';

/** An operation that a contract is written with. */
export interface StoredOperation {
  text: string;
  document: DocumentNode;
  operationName: string;
}

/** The operations of the contracts, with a plan for each graph that serves them. */
export class StoredOperations {
  readonly #operations: readonly StoredOperation[];
  readonly #planned = new WeakMap<FederatedGraph, Map<string, PlannedOperation>>();

  constructor(operations: readonly StoredOperation[]) {
    this.#operations = operations;
  }

  /** Plans all of them, letting requests be answered meanwhile. @throws Error that names the first operation which the graph does not have, and why */
  async prepare(graph: FederatedGraph): Promise<void> {
    const planned = new Map<string, PlannedOperation>();
    for (const operation of this.#operations) {
      planned.set(operation.text, await checkedPlan(operation, graph));
    }
    this.#planned.set(graph, planned);
  }

  /** The plan of one of these, for a graph that was prepared. */
  prepared(text: string, graph: FederatedGraph): PlannedOperation | undefined {
    return this.#planned.get(graph)?.get(text);
  }

  /** The plan of an operation, whether it is one of these or that of a contract elsewhere. @throws Error when the graph does not have it */
  async planOf(text: string, operationName: string, graph: FederatedGraph): Promise<PlannedOperation> {
    return this.prepared(text, graph) ?? checkedPlan({ text, document: parse(text), operationName }, graph);
  }
}

function checkedPlan({ text, document, operationName }: StoredOperation, graph: FederatedGraph): Promise<PlannedOperation> {
  const [fault] = validate(graph.schema, document);
  if (fault) throw new Error(`The stored operation ${operationName} does not fit the graph: ${fault.message}`);
  return graph.plan({ text, document, operationName });
}
