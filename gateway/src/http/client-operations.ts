import { badInput, HutongError, internalError, type Log } from '@hutong/common';
import { Kind, OperationTypeNode, type DocumentNode, type ExecutionResult, type GraphQLError, type OperationDefinitionNode } from 'graphql';
import { graphError } from '../federation/subgraph.errors.js';
import { askerOf, type DataText, type FederatedGraph, type PlannedOperation, type RequestScope } from '../federation/federated-graph.js';
import { checkCost, checkNulls, checkText } from '../limits/operation.check.js';
import { executions } from '../telemetry/activities.js';
import { checkUploads } from '../uploads/upload.check.js';
import { DocumentCheck, type DocumentCheckOptions } from './document.check.js';
import { statusError } from './failure.js';
import type { GraphqlRequestContext } from './graphql-request.js';
import { variableFaults } from './variable.check.js';

/** A client's operation, parsed. */
export interface ClientOperation {
  graph: FederatedGraph;
  text: string;
  document: DocumentNode;
  operationName: string | undefined;
  /** Undefined when the document has none of this name. */
  operation: OperationDefinitionNode | undefined;
  variables: Record<string, unknown>;
}

type OperationScope = Pick<GraphqlRequestContext, 'caller' | 'requestId' | 'transport' | 'signal' | 'received'>;

export interface ClientOperationsOptions extends DocumentCheckOptions {
  log: Log;
}

const NOT_HERE = 'a subscription needs a stream: POST it with the header "Accept: text/event-stream", or use a WebSocket (graphql-transport-ws)';

const executionOf = ({ operation }: ClientOperation, { transport, requestId }: OperationScope) => ({ kind: operation?.operation ?? 'unknown', name: operation?.name?.value, transport, requestId });

const isSubscription = ({ operation }: ClientOperation): boolean => operation?.operation === OperationTypeNode.SUBSCRIPTION;

/** Runs what clients send: everything that can be refused is, in the order of what is cheap to find, before it is planned. */
export class ClientOperations {
  readonly #options: ClientOperationsOptions;
  readonly #documents: DocumentCheck;

  constructor(options: ClientOperationsOptions) {
    this.#options = options;
    this.#documents = new DocumentCheck(options);
  }

  /** An answer without `data` is a refusal; it never rejects. */
  answer(asked: ClientOperation, context: OperationScope): Promise<ExecutionResult> {
    return executions.run(executionOf(asked, context), () => this.#answer(asked, context, (planned, scope) => asked.graph.execute(planned, asked.variables, scope)));
  }

  /** The same for who sends the data on. */
  write(asked: ClientOperation, context: OperationScope): Promise<ExecutionResult | DataText> {
    return executions.run(executionOf(asked, context), () => this.#answer<ExecutionResult | DataText>(asked, context, (planned, scope) => asked.graph.write(planned, asked.variables, scope)));
  }

  async #answer<Result>(asked: ClientOperation, { caller, requestId, signal, received }: OperationScope, run: (planned: PlannedOperation, scope: RequestScope) => Promise<Result>): Promise<Result | ExecutionResult> {
    const { graph, text, document, operationName } = asked;
    let ran = false;
    try {
      const faults = this.faults(asked);
      if (faults.length > 0) return { errors: faults };
      if (isSubscription(asked)) throw badInput({ problem: NOT_HERE });
      const planned = await graph.plan({ text, document, operationName, asker: askerOf(caller) });
      ran = true;
      return await run(planned, { caller, origin: 'client', requestId, signal, received });
    } catch (error) {
      if (ran && error instanceof HutongError) return { errors: [statusError(error)] };
      return this.#refusal(error, requestId);
    }
  }

  /**
   * The stream of a subscription, or a refusal without `data`; it never rejects.
   *
   * @param open opens the stream, when nothing speaks against it
   */
  stream<Results extends AsyncIterable<ExecutionResult>>(asked: ClientOperation, context: OperationScope, open: () => Promise<Results | ExecutionResult>): Promise<Results | ExecutionResult> {
    return executions.run(executionOf(asked, context), async (): Promise<Results | ExecutionResult> => {
      try {
        const faults = this.faults(asked);
        return faults.length > 0 ? { errors: faults } : await open();
      } catch (error) {
        return this.#refusal(error, context.requestId);
      }
    });
  }

  #refusal(error: unknown, requestId: string): ExecutionResult {
    if (error instanceof HutongError) return { errors: [graphError(error)] };
    this.#options.log.error({ requestId, err: error }, 'operation could not be run');
    return { errors: [graphError(internalError({ requestId }))] };
  }

  /** Why an operation is not run; none when it may be. @throws HutongError for what is refused as a whole */
  faults({ graph, document, operationName, operation, variables }: ClientOperation): readonly GraphQLError[] {
    const { limits } = this.#options;
    const invalid = this.#documents.faults(graph.schema, document);
    if (invalid.length > 0) return invalid;
    if (!operation) throw badInput({ problem: unresolved(document, operationName) });
    const checked = { schema: graph.schema, document, operation, variables };
    checkText(checked);
    checkUploads(checked);
    const unfit = variableFaults(graph.schema, operation, variables);
    if (unfit.length > 0) return unfit.map((fault) => graphError(fault));
    checkNulls(checked);
    checkCost(checked, limits);
    return [];
  }
}

function unresolved({ definitions }: DocumentNode, operationName: string | undefined): string {
  if (operationName) return `operationName: the document has no operation named ${JSON.stringify(operationName.slice(0, 100))}`;
  const count = definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION).length;
  return count === 0 ? 'query: the document has no operation' : `operationName: the document has ${count} operations; name one of them`;
}
