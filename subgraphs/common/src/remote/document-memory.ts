import { getOperationAST, GraphQLError, parse, type DocumentNode, type OperationTypeNode } from 'graphql';

/** Distinct documents remembered; planners and peers make few of them. */
const REMEMBERED = 2_000;

/** A document, parsed; what is wrong with it when it is not to be run. */
export interface ParsedDocument {
  document: DocumentNode | undefined;
  faults: readonly GraphQLError[];
}

/** Documents by their text, each parsed and checked once. */
export class ParsedDocuments {
  readonly #known = new Map<string, ParsedDocument>();
  readonly #check: (document: DocumentNode) => readonly GraphQLError[];

  constructor(check: (document: DocumentNode) => readonly GraphQLError[] = () => []) {
    this.#check = check;
  }

  get(text: string): ParsedDocument {
    let parsed = this.#known.get(text);
    if (!parsed) {
      if (this.#known.size >= REMEMBERED) this.#known.clear();
      this.#known.set(text, (parsed = this.#parse(text)));
    }
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
