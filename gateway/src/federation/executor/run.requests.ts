import { OperationTypeNode, type ExecutionResult } from 'graphql';
import type { FetchNode } from '@apollo/query-planner';
import { EntityRequests, type AskedEntity, type FetchForm } from './entity.requests.js';
import type { Representation } from './entity.representation.js';
import { setOwn } from './fetched.data.js';
import type { PlannedFetch } from './plan.program.js';

/** Asks a subgraph. Never rejects for its fault; what it answers is not changed. */
export type AskSubgraph = (subgraph: string, request: PlannedFetch) => Promise<ExecutionResult>;

type Read = PlannedFetch['read'];

/** What one run asks the subgraphs for. Nothing is asked for twice, even if the run has to begin anew on another way. */
export class RunRequests {
  readonly #roots = new Map<FetchNode, Promise<ExecutionResult>>();
  readonly #entities = new Map<FetchForm, EntityRequests>();

  constructor(
    private readonly variables: Readonly<Record<string, unknown>>,
    private readonly ask: AskSubgraph,
  ) {}

  /** Asks for fields of the root. */
  root(node: FetchNode, read?: Read): Promise<ExecutionResult> {
    let result = this.#roots.get(node);
    if (!result) this.#roots.set(node, (result = this.#askRoot(node, read)));
    return result;
  }

  /** Asks for entities, whichever of them other fetches of this form have not asked for. */
  entities(node: FetchNode, form: FetchForm, wanted: readonly Representation[], read?: Read): AskedEntity[] {
    let requests = this.#entities.get(form);
    if (!requests) this.#entities.set(form, (requests = new EntityRequests()));
    return requests.ask(wanted, (missing) => this.#askEntities(node, missing, read));
  }

  #askRoot(node: FetchNode, read: Read): Promise<ExecutionResult> {
    const { serviceName, operation: document, operationName, operationKind } = node;
    // What was answered of entities before may have changed.
    if (operationKind === OperationTypeNode.MUTATION) this.#entities.clear();
    const given = this.#used(node);
    return this.ask(serviceName, { document, operationName, isQuery: operationKind === OperationTypeNode.QUERY, variables: given, given, read });
  }

  #askEntities(node: FetchNode, wanted: readonly Representation[], read: Read): Promise<ExecutionResult> {
    return this.ask(node.serviceName, new EntitiesFetch(node, this.#used(node), wanted, read));
  }

  /** The variables that a fetch uses. */
  #used({ variableUsages = [] }: FetchNode): Record<string, unknown> {
    const used: Record<string, unknown> = {};
    for (const name of variableUsages) if (Object.hasOwn(this.variables, name) && this.variables[name] !== undefined) setOwn(used, name, this.variables[name]);
    return used;
  }
}

/** Asks for entities. A class: V8 makes what a literal has for a getter old at once, and all that it knows stays for as long. */
class EntitiesFetch implements PlannedFetch {
  readonly document: string;
  readonly operationName: string | undefined;
  readonly isQuery = true;
  readonly variablesJson: string;
  readonly given: Record<string, unknown>;
  readonly entities: number;
  readonly read: Read;
  readonly #wanted: readonly Representation[];
  readonly #list: string;
  #variables: Record<string, unknown> | undefined;

  constructor({ operation, operationName }: FetchNode, given: Record<string, unknown>, wanted: readonly Representation[], read: Read) {
    const others = JSON.stringify(given);
    this.#list = `[${wanted.map(({ json }) => json).join(',')}]`;
    this.document = operation;
    this.operationName = operationName;
    this.variablesJson = `${others.slice(0, -1)}${others === '{}' ? '' : ','}"representations":${this.#list}}`;
    this.given = given;
    this.entities = wanted.length;
    this.read = read;
    this.#wanted = wanted;
  }

  get variables(): Record<string, unknown> {
    return (this.#variables ??= { ...this.given, representations: this.#wanted.every(({ data }) => data) ? this.#wanted.map((representation) => representation.data!()) : JSON.parse(this.#list) });
  }
}
