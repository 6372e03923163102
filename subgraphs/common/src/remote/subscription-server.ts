import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { GraphQLError, OperationTypeNode, type ExecutionArgs, type ExecutionResult } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { showError } from '../errors/show-error.js';
import { soundRequestId } from '../http/request-id.js';
import { AnswerBudget } from '../graph/answer-budget.js';
import type { SubgraphRequest } from '../graph/connection.js';
import type { Log } from '../log/log.js';
import type { OpenSubgraph } from '../subgraph/open-subgraph.js';
import type { CallerTokens } from './caller-token.js';
import type { ParsedDocuments } from '../graph/document-memory.js';
import { ESTABLISHED } from './subscription-protocol.js';

type Served = Pick<OpenSubgraph, 'name' | 'schema' | 'connection'>;

const PING_MS = 10_000;
const LARGEST_MESSAGE_BYTES = 2 * 1024 * 1024;

/** Subscriptions of one subgraph over graphql-transport-ws; each carries the token of its own caller. */
export class SubscriptionServer {
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: LARGEST_MESSAGE_BYTES });
  readonly #server: ReturnType<typeof useServer>;

  constructor({ name, schema, connection }: Served, tokens: CallerTokens, documents: ParsedDocuments, log: Log) {
    this.#server = useServer(
      {
        onSubscribe: (_context, _id, { query, operationName, variables, extensions }): readonly GraphQLError[] | ExecutionArgs => {
          const claims = tokens.verify(name, typeof extensions?.token === 'string' ? extensions.token : undefined);
          if (!claims) return [new GraphQLError('The token of this subscription is not good.', { extensions: { code: 'UNAUTHENTICATED' } })];
          const { document, faults } = documents.get(query);
          if (!document || faults.length > 0) return faults;
          if (documents.kindOf(query, operationName) !== OperationTypeNode.SUBSCRIPTION) return [new GraphQLError('Only subscriptions are answered here.', { extensions: { code: 'BAD_INPUT' } })];
          const budget = typeof extensions?.answerBytes === 'number' ? new AnswerBudget(extensions.answerBytes) : undefined;
          const request = { ...claims, requestId: soundRequestId(extensions?.requestId), budget, document: query, operationName: operationName ?? undefined, variables: variables ?? {} };
          return { schema, document, contextValue: request };
        },
        subscribe: async ({ contextValue }) => {
          const ended = new AbortController();
          const request: SubgraphRequest = { ...(contextValue as Omit<SubgraphRequest, 'signal'>), signal: ended.signal };
          const results = await connection.subscribe(request);
          return Symbol.asyncIterator in results ? announced(results, ended) : results;
        },
        // Results are shown as they are: their errors have been masked, and are no GraphQLErrors any more.
        onNext: (_context, _id, _payload, _args, result) => result as ExecutionResult,
        onError: (_context, id, _payload, errors) => errors.map((error) => showError(error, `subscription ${id}`, log)),
      },
      this.#sockets,
      PING_MS,
    );
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#sockets.handleUpgrade(request, socket, head, (opened) => this.#sockets.emit('connection', opened, request));
  }

  async stop(): Promise<void> {
    await this.#server.dispose();
  }
}

/** The stream with a first result that says that it is there; ends what the request began when it is over. */
function announced(results: AsyncIterableIterator<ExecutionResult>, ended: AbortController): AsyncIterableIterator<ExecutionResult> {
  let told = false;
  const end = (): IteratorResult<ExecutionResult> => {
    ended.abort(new Error('the subscription has ended'));
    return { done: true, value: undefined };
  };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      if (!told) {
        told = true;
        return { done: false, value: { extensions: { [ESTABLISHED]: true } } };
      }
      const item = await results.next();
      return item.done ? end() : item;
    },
    async return() {
      await results.return?.();
      return end();
    },
  };
}
