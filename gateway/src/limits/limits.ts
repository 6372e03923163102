/** What one request may ask for; a refusal is LIMIT_EXCEEDED and names the limit. */
export interface Limits {
  /** Bytes of a request's body, after inflation. */
  bodyBytes: number;
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
  /** Fields that may have to be answered, those of a list times the rows it may have. */
  cost: number;
  /** Bytes of an answer. */
  responseBytes: number;
  /** How long a request may take. */
  requestMs: number;
}
