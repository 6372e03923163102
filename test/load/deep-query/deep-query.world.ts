import type { GatewayProgram } from '../measured.gateway.js';
import { measureInTurns, type Load, type Rates } from '../measurement.js';
import { withServedSubgraphs } from '../served.subgraphs.js';
import { tagOf } from '../tags.js';
import { DEEP_QUERY } from './deep-query.operation.js';
import { deepSubgraphs } from './deep-query.subgraphs.js';

/** The deep query as a program that does nothing else. */
export const handWritten: GatewayProgram = { file: 'deep-query/hand-written.gateway.ts' };

export const CALLERS = 50;
/** Many short turns: whatever else a machine does for some seconds falls on all programs alike. */
const FULL = { warmMs: 6_000, turnMs: 700, rounds: 21 };
const QUICK = { warmMs: 3_000, turnMs: 600, rounds: 3 };

const bodyOf = (tag: string): string => JSON.stringify({ query: DEEP_QUERY, variables: { tag } });

/** The JSON of the request of this number, which no other request is equal to. */
export const distinctBody = (request: number): string => bodyOf(tagOf(request));

const equal = bodyOf(tagOf(0));
/** The JSON that all requests have in common. */
export const equalBody = (): string => equal;

/** Uses the four subgraphs, in one process of their own, while they run. */
export const withDeepSubgraphs = <Result>(use: Parameters<typeof withServedSubgraphs<Result>>[2]): Promise<Result> => withServedSubgraphs('deep-query/deep-query.server.ts', deepSubgraphs(), use);

/** Measures the deep query of 50 callers on each of these, in turns. */
export const measureDeepQuery = <Side extends string>(programs: Readonly<Record<Side, GatewayProgram>>, quick: boolean, asking: Load['asking'] = { body: distinctBody }): Promise<Record<Side, Rates>> =>
  withDeepSubgraphs((served) => measureInTurns(programs, { ...served, ...(quick ? QUICK : FULL), callers: CALLERS, asking }));
