import type { GraphQLSchema } from 'graphql';
import type { FederatedGraph } from './federated-graph.js';

type Listener = (graph: FederatedGraph) => void;

/**
 * The graph that new requests run on. Whoever runs a request takes the graph once and validates, plans and executes with
 * it, whatever becomes current meanwhile; a graph that nobody uses any longer is let go.
 */
export class CurrentGraph {
  #graph: FederatedGraph;
  readonly #listeners = new Set<Listener>();
  readonly #bySchema = new WeakMap<GraphQLSchema, FederatedGraph>();

  constructor(graph: FederatedGraph) {
    this.#graph = graph;
    this.#bySchema.set(graph.schema, graph);
  }

  get graph(): FederatedGraph {
    return this.#graph;
  }

  /** The graph whose schema this is, for requests that were validated elsewhere. @throws Error for a schema of no graph that was ever current */
  of(schema: GraphQLSchema): FederatedGraph {
    const graph = this.#bySchema.get(schema);
    if (!graph) throw new Error('The schema is that of no graph');
    return graph;
  }

  /** Makes this the graph of all requests that come from now on; listeners hear of it before this returns. */
  switchTo(graph: FederatedGraph): void {
    this.#bySchema.set(graph.schema, graph);
    this.#graph = graph;
    for (const listener of this.#listeners) listener(graph);
  }

  /** Answers what ends the listening. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
