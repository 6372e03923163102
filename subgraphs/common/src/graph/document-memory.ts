import { getOperationAST, GraphQLError, parse, type DocumentNode, type OperationTypeNode } from 'graphql';
import { LRUCache } from 'lru-cache';

/** Of the documents remembered, those used last. Planners and peers make few, unless clients make new ones all the time. */
const REMEMBERED_BYTES = 4_000_000;
/** What a parsed document was seen to take at least, and for each character of its text. */
const DOCUMENT_BYTES = 1_000;
const CHARACTER_BYTES = 25;

/** A document, parsed; what is wrong with it when it is not to be run. */
export interface ParsedDocument {
  document: DocumentNode | undefined;
  faults: readonly GraphQLError[];
}

/** Documents by their text, each parsed and checked once. */
export class ParsedDocuments {
  readonly #known = new LRUCache<string, ParsedDocument>({
    maxSize: REMEMBERED_BYTES,
    sizeCalculation: (_, text) => DOCUMENT_BYTES + CHARACTER_BYTES * text.length,
  });
  readonly #check: (document: DocumentNode) => readonly GraphQLError[];

  constructor(check: (document: DocumentNode) => readonly GraphQLError[] = () => []) {
    this.#check = check;
  }

  get(text: string): ParsedDocument {
    let parsed = this.#known.get(text);
    if (!parsed) this.#known.set(text, (parsed = this.#parse(text)));
    return parsed;
  }

  /** Undefined when the document has no such operation. */
  kindOf(text: string, operationName?: string | null): OperationTypeNode | undefined {
    const { document } = this.get(text);
    return document && getOperationAST(document, operationName ?? undefined)?.operation;
  }

  #parse(text: string): ParsedDocument {
    try {
      const document = parse(text, { noLocation: true });
      return { document, faults: this.#check(document) };
    } catch (error) {
      if (error instanceof GraphQLError) return { document: undefined, faults: [error] };
      throw error;
    }
  }
}
