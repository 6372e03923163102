import type { Caller, Origin } from '@hutong/common';
import type { DocumentNode, ExecutionResult, GraphQLSchema, OperationDefinitionNode } from 'graphql';

/** On whose behalf an operation runs, and until when. */
export interface RequestScope {
  caller: Caller;
  /** `stored`: an operation of a contract, which was checked when it was written. */
  origin: Extract<Origin, 'client' | 'stored'>;
  requestId: string;
  /** Aborted when the caller has gone or the request's time is over. */
  signal: AbortSignal;
  /** Of a request with files: resolves when they have come, or will not come; until then no fetch is too slow. */
  received?: Promise<void> | undefined;
}

/** A valid operation as it is asked for: planned once for the same text and name. */
export interface GraphOperation {
  text: string;
  document: DocumentNode;
  operationName?: string | undefined;
  /** Who asks, as `askerOf` tells. Undefined for an operation of the platform's own, written by whoever runs that: making its plan may take any time. */
  asker?: string | undefined;
}

/** Who new operations are planned for: a user, or for nobody known an address. */
export const askerOf = ({ userId, address }: Caller): string => userId ?? address ?? 'nobody';

/** An operation with its plan; what is inside belongs to the graph that made it. */
export interface PlannedOperation {
  readonly kind: 'query' | 'mutation' | 'subscription';
}

/** A remembered plan with what it was made of. */
export interface KnownOperation {
  planned: PlannedOperation;
  document: DocumentNode;
  operation: OperationDefinitionNode;
}

/** What opens the events of a subscription: two that are equal have the same events in the same form. */
export interface EventSource {
  subgraph: string;
  document: string;
  operationName: string | undefined;
  variables: Record<string, unknown>;
  /** Whether each event tells its id, as `eventIdOf` reads it. */
  identified: boolean;
}

/** The data of an answer, as JSON; nothing went wrong. */
export class DataText {
  /** There are none. */
  declare readonly errors?: undefined;
  #answer: Buffer | undefined;
  #holders = 0;

  /**
   * @param made the JSON of the data, or the bytes of the whole answer
   * @param letGo called when nobody looks at the bytes any more, if all who got them tell so
   */
  constructor(
    private readonly made: string | Buffer,
    private readonly letGo?: () => void,
  ) {}

  /** Somebody more gets it, who may say {@link sent}; all of them do before the first does. */
  held(): this {
    this.#holders += 1;
    return this;
  }

  /** Of those who got it, one has sent it and will not look at it again. Who cannot tell says nothing, and nobody loses anything. */
  sent(): void {
    this.#holders -= 1;
    if (this.#holders === 0) this.letGo?.();
  }

  /** What the subgraphs answered that it was made of. */
  get madeOf(): 'objects' | 'bytes' {
    return typeof this.made === 'string' ? 'objects' : 'bytes';
  }

  /** The JSON of the data. */
  get json(): string {
    return typeof this.made === 'string' ? this.made : this.made.toString('utf8', OPENING.length, this.made.length - CLOSING.length);
  }

  /** The answer as it is sent, made once for all who get it. */
  get answer(): Buffer {
    return (this.#answer ??= typeof this.made === 'string' ? Buffer.from(OPENING + this.made + CLOSING) : this.made);
  }
}

const OPENING = '{"data":';
const CLOSING = '}';

/** Planning and execution over the subgraphs; everything else of the gateway goes through here. */
export interface FederatedGraph {
  /** What clients see. */
  readonly schema: GraphQLSchema;
  /** The text that the graph was made from. */
  readonly supergraphSdl: string;
  /** Names of the subgraphs it is made of. */
  readonly subgraphs: readonly string[];
  /**
   * The plan of an operation that was validated against {@link schema}.
   *
   * @throws LIMIT_EXCEEDED when it takes too long or too much memory to make; PLANNER_BUSY when too many others are to be made first
   */
  plan(operation: GraphOperation): Promise<PlannedOperation>;
  /** What was planned for this text and name, and is remembered; whether a client may run it was not looked at. */
  known(text: string, operationName: string | undefined): KnownOperation | undefined;
  /**
   * Runs a plan. A subgraph's failures come back as it told them, with the path in this operation; one that does not
   * answer is SUBGRAPH_UNAVAILABLE for its fields, and the rest is answered. Never rejects for a subgraph's fault.
   *
   * @throws LIMIT_EXCEEDED as soon as the answer is certain to be larger than allowed; nothing more is fetched then
   */
  execute(planned: PlannedOperation, variables: Record<string, unknown>, scope: RequestScope): Promise<ExecutionResult>;
  /**
   * As {@link execute}, for who sends the data on: where nothing went wrong, as JSON if that is cheaper to make. Equal queries of one caller
   * that are under way at once may share one run, and its answer; none shares one that began before a change which had been answered.
   */
  write(planned: PlannedOperation, variables: Record<string, unknown>, scope: RequestScope): Promise<ExecutionResult | DataText>;
  /** Where the events of a planned subscription come from. */
  sourceOf(planned: PlannedOperation, variables: Record<string, unknown>): EventSource;
  /**
   * Opens the events of the subgraph that owns the root field; they are to be joined. Answers a result without data when the
   * subgraph refuses. The stream fails only with a `HutongError`; its `return()` ends the source at once.
   */
  open(source: EventSource, scope: RequestScope): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult>;
  /** Joins one event with what other subgraphs know; its source must equal {@link sourceOf} of this plan. An event that grows too large is answered by LIMIT_EXCEEDED. */
  join(planned: PlannedOperation, event: ExecutionResult, variables: Record<string, unknown>, scope: RequestScope): Promise<ExecutionResult>;
}
