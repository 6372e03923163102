import { visit, type DocumentNode } from 'graphql';

/** What the planner calls the variable that names entities to a subgraph. */
const RESERVED = 'representations';

/** A document's variable that has the name of one of the planner's: the planner gets a document that calls it otherwise. */
export class ClientVariables {
  /** To be planned and run. */
  readonly document: DocumentNode;
  readonly #renamed: string | undefined;

  constructor(document: DocumentNode) {
    const names = new Set<string>();
    visit(document, { Variable: ({ name }) => void names.add(name.value) });
    let renamed = `client_${RESERVED}`;
    while (names.has(renamed)) renamed = `client_${renamed}`;
    this.#renamed = names.has(RESERVED) ? renamed : undefined;
    this.document = this.#renamed === undefined ? document : visit(document, { Variable: (variable) => (variable.name.value === RESERVED ? { ...variable, name: { ...variable.name, value: renamed } } : undefined) });
  }

  /** Values by the names that the document has now. */
  named(given: Record<string, unknown>): Record<string, unknown> {
    if (this.#renamed === undefined || !Object.hasOwn(given, RESERVED)) return given;
    const { [RESERVED]: value, ...others } = given;
    return { ...others, [this.#renamed]: value };
  }
}
