/** Who fixes it: the document; the original service, as it was seen; or we, where both are silent. */
export type Origin = 'document' | 'observed' | 'decided';

/** What a row fixes, behind its origin: `decided: a batch is stored whole or not at all`. */
export type Statement = `${Origin}: ${string}`;

/** Rows by name, in the sections of a document: a section's number or short name, and its title as the document has it. */
export type Sections = Record<`${string} ${string}`, Record<string, Statement>>;
