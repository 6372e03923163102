/** What one request may ask for; a refusal is LIMIT_EXCEEDED and names the limit. */
export interface Limits {
  /** Bytes of a request's body, after inflation. */
  bodyBytes: number;
  /** Values of the JSON in a request: texts, numbers, lists and objects. */
  values: number;
  /** Characters of a document. */
  characters: number;
  /** Lexical tokens of a document. */
  tokens: number;
  /** How deep fields nest; introspection does not count. */
  depth: number;
  /** Aliases, directives and root fields of an operation, counted with its fragments put in place. */
  aliases: number;
  directives: number;
  rootFields: number;
  /** Fields of an operation, its fragments put in place, and pairs of them that have one name at one place: what it takes to validate it. */
  fieldComparisons: number;
  /** Fields that may have to be answered, those of a list times the rows it may have. */
  cost: number;
  /** Milliseconds that making the plan of an operation may take. */
  planningMs: number;
  /** Bytes of an answer. */
  responseBytes: number;
  /** How long a request may take. */
  requestMs: number;
}
