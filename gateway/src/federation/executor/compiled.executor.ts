import { bufferPool } from '@hutong/common';
import type { QueryPlan } from '@apollo/query-planner';
import { executeSync, getOperationAST, Kind, type FieldNode, type FragmentDefinitionNode, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';
import { LRUCache } from 'lru-cache';
import { fragmentsIn } from '../../document-fragments.js';
import { writtenAnswers } from '../../telemetry/activities.js';
import { DataText, type GraphOperation } from '../federated-graph.js';
import { ofSubgraph } from '../subgraph.errors.js';
import type { FetchScope } from '../subgraph-fetch.js';
import { conditionValue, conditionVariables, type Conditions } from './included.selection.js';
import type { Fetch, PlanExecutor, PlanOutcome, PreparedPlan } from './plan.executor.js';
import { compilePlan, type FetchedData } from './plan.program.js';
import { compileShape, type Introspect, type ResponseShape } from './response.shape.js';
import { compileText, type ResponseText } from './response.text.js';
import { RunRequests } from './run.requests.js';
import { compileSplice, type SplicedProgram } from './splice/spliced.program.js';

/** Forms of one operation, by what its conditions are, that are kept. */
const FORMS = 8;

export interface CompiledExecutorOptions {
  /** What clients see. */
  schema: GraphQLSchema;
  /** With what they do not see. */
  supergraphSchema: GraphQLSchema;
  /** Whether a subgraph answers in bytes. */
  isRemote: (subgraph: string) => boolean;
}

/** Compiles each plan once: to steps that know what to read, to ask and to merge, and to the form of the answer. */
export class CompiledExecutor implements PlanExecutor {
  constructor(private readonly options: CompiledExecutorOptions) {}

  prepare({ document, operationName }: Omit<GraphOperation, 'text'>, queryPlan: QueryPlan): PreparedPlan {
    const { schema, supergraphSchema, isRemote } = this.options;
    const operation = getOperationAST(document, operationName)!;
    const fragments = fragmentsIn(document);
    const program = compilePlan(queryPlan, supergraphSchema);
    const remoteOnly = (): boolean => program.subgraphs.every(isRemote);
    const { joinedAt } = program;
    const names = conditionVariables(document);
    const root = schema.getRootType(operation.operation)!;
    const forms = new LRUCache<string, ResponseForm>({ max: FORMS });
    const formFor = (variables: Record<string, unknown>): ResponseForm => {
      if (names.length === 0) return (always ??= formOf({}));
      const conditions = Object.fromEntries(names.map((name) => [name, conditionValue(operation, name, variables)]));
      const key = names.map((name) => Number(conditions[name])).join('');
      let form = forms.get(key);
      if (!form) forms.set(key, (form = formOf(conditions)));
      return form;
    };
    let always: ResponseForm | undefined;
    const formOf = (conditions: Conditions): ResponseForm => {
      const parts = { schema, fragments, conditions, joinedAt };
      let splice: SplicedProgram | undefined | null = null;
      return {
        shape: compileShape(parts, operation.selectionSet, root),
        text: compileText(parts, operation.selectionSet, root),
        get splice() {
          if (splice === null) splice = compileSplice({ queryPlan, schemas: { schema, supergraphSchema, conditions }, parts, selections: operation.selectionSet, root });
          return splice;
        },
      };
    };
    const requestsOf = (fetches: Readonly<Record<string, Fetch>>, variables: Record<string, unknown>, scope: FetchScope): RunRequests => new RunRequests(variables, (subgraph, request) => fetches[subgraph]!(request, scope));
    const fetch = async (requests: RunRequests, variables: Record<string, unknown>): Promise<Fetched> => {
      const errors: unknown[] = [];
      const fetched = await program.run({
        requests,
        condition: (name) => conditionValue(operation, name, variables),
        refused: (subgraph, { message, path, extensions }) => errors.push(ofSubgraph({ message, ...(path ? { path } : {}), ...(extensions ? { extensions } : {}) }, subgraph)),
        failed: (error) => errors.push(error),
      });
      return { fetched, errors, introspect: (fields) => introspected(schema, { operation, fragments, fields, variables }) };
    };
    const shaped = ({ fetched, errors, introspect }: Fetched, { shape }: ResponseForm): PlanOutcome => {
      const { data, faults } = shape(fetched, introspect);
      // A failure leaves values missing that are no faults of their own.
      return { data, errors, incomplete: errors.length > 0 ? [] : faults };
    };
    return {
      run: async (fetches, variables, scope) => shaped(await fetch(requestsOf(fetches, variables, scope), variables), formFor(variables)),
      async write(fetches, variables, scope, atMost) {
        const form = formFor(variables);
        const splice = remoteOnly() ? form.splice : undefined;
        const requests = requestsOf(fetches, variables, scope);
        const spliced = splice && (await splice({ requests, atMost }));
        writtenAnswers.tell({ way: spliced === undefined ? 'objects' : 'bytes' });
        if (spliced !== undefined) return new DataText(spliced, () => bufferPool.giveBack(spliced));
        const all = await fetch(requests, variables);
        const json = all.errors.length > 0 ? undefined : form.text(all.fetched, atMost, all.introspect);
        return json === undefined ? shaped(all, form) : new DataText(json);
      },
    };
  }
}

/** What a plan fetched, and what is told of it. */
interface Fetched {
  fetched: FetchedData;
  errors: unknown[];
  introspect: Introspect;
}

/** The form of an answer, as objects and as text. */
interface ResponseForm {
  shape: ResponseShape;
  text: ResponseText;
  /** Undefined where the answers have to be parsed. */
  readonly splice: SplicedProgram | undefined;
}

interface Introspection {
  operation: OperationDefinitionNode;
  fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  fields: readonly FieldNode[];
  variables: Record<string, unknown>;
}

function introspected(schema: GraphQLSchema, { operation, fragments, fields, variables }: Introspection): unknown {
  const alone: OperationDefinitionNode = { ...operation, selectionSet: { kind: Kind.SELECTION_SET, selections: fields } };
  const { data, errors } = executeSync({ schema, document: { kind: Kind.DOCUMENT, definitions: [alone, ...fragments.values()] }, variableValues: variables, rootValue: {} });
  if (errors) throw errors[0]!;
  return Object.values(data!)[0];
}
