import type { Upload } from '@hutong/common/process';
import type { z } from 'zod';
import type { Failure, FailureCode, Problem } from './failure.js';
import type { Bilingual } from './language.js';
import type { RestCompatSettings } from './settings.js';
import type { StoredOperations } from './stored-operations.js';

/** What a row reads its input from, and the shape it must have. Members that the shape does not name are ignored. */
export type Takes<Input> =
  | { from: 'nothing' }
  /** The query string: every value is text. */
  | { from: 'query'; shape: z.ZodType<Input> }
  /** A form's keys, each with the first of its values; the row is one of those that `Contract.forms` tells apart. */
  | { from: 'form'; shape: z.ZodType<Input> }
  /** A multipart form: texts as of a form, and the one file whose key is `file`. Where that is optional, the form may come without it, and a JSON object, or nothing at all, instead of the form. */
  | { from: 'upload'; file: string; isOptional?: true; shape: z.ZodType<Input> }
  /** A JSON object. */
  | { from: 'body'; shape: z.ZodType<Input> }
  /** A JSON object with one list that is checked element by element, so that refusing a long bad one is cheap. */
  | { from: 'batch'; list: keyof Input & string; element: z.ZodType; most: number };

/** How the rows beyond one page of a stored operation are asked for. */
export interface Pages<Data> {
  /** Variables of the next page, undefined after the last. */
  next(data: Data): Record<string, unknown> | undefined;
  /** One answer out of all pages. */
  join(pages: Data[]): Data;
}

/** What a request asks beside its row's input. */
export interface Asked {
  /** What stands for the parameters of the path. */
  parameters: Readonly<Record<string, string>>;
  /** A browser asks, for a page. */
  html: boolean;
  /** The file of a row that takes one. */
  file: Upload | undefined;
  waitSeconds: number;
}

/** Where a caller gets what is no JSON. */
export type Destination =
  /** The client is to go there itself. */
  | { redirect: string }
  /** A path of the gateway, which answers this same request. */
  | { passOn: string };

/** A request, and what is answered to it. */
export interface Example {
  /** What the row takes: a JSON body, or the texts of a query or form. */
  takes?: Readonly<Record<string, unknown>>;
  /** What the envelope holds on success, or the whole answer of a row without one. */
  answers?: unknown;
}

interface RouteBasis {
  method: 'GET' | 'POST' | 'DELETE';
  /** Below the contract's prefix, without the trailing slash: `/computing_ids`, or with parameters `/datasets/:id`. */
  path: string;
  /** Where one path has several rows: the value that the form's key for the command must have. */
  command?: string;
  /** For people: what a caller gets. */
  summary: Bilingual;
  /** The form of what the envelope holds on success, or of the whole answer of a row without one; absent: `{}`. */
  answers?: z.ZodType;
  /** For the documents: the sample of the contract's own document, where that has one. */
  example?: Example;
}

/** A row that runs a stored operation of the graph. */
export interface OperationRoute<Input, Data> extends RouteBasis {
  operation: string;
  /** The failures of its own, beside those that any row of its kind may have. */
  refuses?: readonly FailureCode[];
  /** `none`: the route is for those who have none yet; one that is sent anyway is not looked at. */
  credential: 'required' | 'none';
  takes: Takes<Input>;
  /** Which of the two body limits holds. */
  limit?: 'bulk';
  variables(input: Input, asked: Asked): Record<string, unknown>;
  /** What the envelope holds on success. */
  result(data: Data, input: Input, asked: Asked): unknown;
  /** Where the caller gets what was asked for instead of an envelope; undefined: here, from `result`. */
  destination?(data: Data, asked: Asked): Destination | undefined;
  /** What a destination is: the bytes of a file, of which `Range` takes a part, or a page, where browsers alone are led. */
  leadsTo?: 'file' | 'page';
  pages?: Pages<Data>;
  /** Seconds that the operation may wait for what it began: the request has these and 10 s more, where that is longer than usual. */
  waits?(settings: Pick<RestCompatSettings, 'waitSeconds'>): number;
  /** What takes it back when the caller is not told of it, having gone or because the answer was lost, so that nothing stays that nobody knows of. */
  undo?: {
    operation: string;
    variables(data: Data): Record<string, unknown>;
    /** With these the row's operation, asked again, answers what it has done, and does nothing that lasts. */
    again(variables: Record<string, unknown>): Record<string, unknown>;
  };
  /**
   * Where the operation's variables stand in the caller's input, `[]` for any index:
   * `{ 'input.reports[].gpuMemory': 'computing_resources[].gpu_memory' }`. The longest entry that begins a field counts.
   */
  fields?: Readonly<Record<string, string>>;
  /** The whole text for a problem where the contract fixes it; undefined leaves `<field>: <message>`. */
  wording?: (code: FailureCode, problem: Problem, input: unknown) => string | undefined;
  /** Topic of `Graph.revision`, as `machines.inventory`: an answer is sent again to the same caller while its revision stands. */
  freshWhile?: string;
}

/** A row that tells whether the service is up. */
export interface ReadinessRoute extends RouteBasis {
  readiness(state: { ready: boolean; message: string }): Reply;
}

export type Route = OperationRoute<unknown, unknown> | ReadinessRoute;

/** A path whose requests something else answers, with whatever stands behind it, of any method and with any body; failures of ours come in the contract's envelope. */
export interface Passage {
  /** Below the contract's prefix, such as `/annotations`. */
  path: string;
  /** The path of the gateway that stands for it. */
  passOn: string;
  /** For people: what a caller gets. */
  summary: Bilingual;
}

/** Status and JSON body of an answer. */
export interface Reply {
  status: number;
  body: unknown;
}

/** How a contract wraps what it answers. */
export interface Envelope {
  success(result: unknown): Reply;
  /** @param number what the contract's error map has for the failure's code. @param message all its problems as one text. */
  failure(failure: Failure, number: number, message: string): Reply;
  /** The forms of the two, for the documents. */
  shapes: {
    success(result: z.ZodType): z.ZodType;
    /** @param codes the failures that it tells of. @param number their numbers in the error map. */
    failure(codes: readonly FailureCode[], number: z.ZodType): z.ZodType;
  };
}

/** What the documents say of a contract beside its rows. */
export interface ContractGuide {
  title: Bilingual;
  description: Bilingual;
  /** Of the interface, not of this program. */
  version: string;
  /** How the contract's own document has a caller say who it is; every other way is good, too. */
  credential: 'token' | 'ticket' | 'bearer';
  /** What each number of the error map means. */
  numbers: Readonly<Record<number, Bilingual>>;
}

/** Rows that belong together for readers. */
export interface Section {
  name: string;
  title: Bilingual;
  routes: readonly Route[];
  passages?: readonly Passage[];
}

/** What the keys of a contract's forms mean that are not a row's own. */
export interface FormRules {
  /** Names the row, of those at one path. */
  command: string;
  /** May carry the credential, as the headers do. */
  credential: string;
}

/** One legacy API document as data. */
export interface Contract {
  name: string;
  /** Every path at and below it is answered by this contract, unless a longer prefix owns it. */
  prefix: string;
  guide: ContractGuide;
  routes: readonly Route[];
  /** How the documents group its rows; absent: all are one group. */
  sections?: readonly Section[];
  /** Paths that are no row's; all of them ask for a credential. */
  passages?: readonly Passage[];
  operations: StoredOperations;
  envelope: Envelope;
  errors: Readonly<Record<FailureCode, number>>;
  /** Of a contract whose rows take forms. */
  forms?: FormRules;
  /**
   * A stored query that fails when the caller's credential is not good; of a contract with forms or uploads. It is run before a
   * file is taken in, and for a form that is refused before the graph is asked, as such a contract tells who somebody is
   * before it tells what is wrong.
   */
  callerCheck?: string;
  /** Whether somebody at an address of `RestCompatSettings.trustedNetworks` needs no credential. */
  trustsNetworks?: boolean;
}

/** Keeps the types of a row's input and data together while it is written; the table holds rows of all types. */
export function route<Input, Data>(row: OperationRoute<Input, Data>): Route {
  return row as unknown as Route;
}
