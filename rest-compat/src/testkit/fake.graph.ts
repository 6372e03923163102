import { execute, GraphQLError, parse, validate } from 'graphql';
import type { Graph, GraphAnswer, GraphCaller, GraphRequest } from '../engine/graph.js';
import { graphSchema } from './graph.sdl.js';

/** Answers one root field from its arguments. */
export type RootField = (args: never) => unknown;

/** A graph in memory: operations and variables are checked as the real one would, root fields answer what a test sets. */
export class FakeGraph implements Graph {
  readonly requests: GraphRequest[] = [];
  fields: Record<string, RootField> = {};
  revisions = new Map<string, string>();
  state = { ready: true, message: 'OK' };
  /** Stands in for the whole execution, for a graph that is slow or broken. */
  instead: ((request: GraphRequest) => Promise<GraphAnswer>) | undefined;

  async execute(request: GraphRequest): Promise<GraphAnswer> {
    this.requests.push(request);
    if (this.instead) return this.instead(request);
    const document = parse(request.document);
    const faults = validate(graphSchema, document);
    if (faults.length > 0) throw new Error(faults.join('\n'));
    const { data, errors } = await execute({
      schema: graphSchema,
      document,
      operationName: request.operationName,
      variableValues: request.variables,
      rootValue: this.fields,
    });
    return { ...(data === undefined ? {} : { data }), ...(errors ? { errors } : {}) };
  }

  revision(topic: string, caller: GraphCaller): string | undefined {
    return caller.credential === 'unknown' ? undefined : this.revisions.get(topic);
  }

  async readiness() {
    return this.state;
  }

  /** The variables of the last operation. */
  get variables(): Record<string, unknown> {
    const last = this.requests.at(-1);
    if (!last) throw new Error('No operation was run');
    return last.variables;
  }
}

/** A root field that fails with a catalogue code. */
export function failing(message: string, extensions: Record<string, unknown>): RootField {
  return () => {
    throw new GraphQLError(message, { extensions });
  };
}
