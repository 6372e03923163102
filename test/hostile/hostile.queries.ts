/** An operation that somebody has published as an attack on GraphQL servers, in terms of our graph. */
export interface HostileQuery {
  /** What it is known as. */
  name: string;
  /** Who published it. */
  from: 'graphql-cop' | 'GraphQL Armor' | 'OWASP' | 'clairvoyance' | 'graphql-js' | 'Apollo';
  query: string;
  variables?: Record<string, unknown>;
  /** The code it is refused with. */
  code: 'LIMIT_EXCEEDED' | 'GRAPHQL_VALIDATION_FAILED' | 'GRAPHQL_PARSE_FAILED' | 'BAD_INPUT';
  /** A part of the message, which names the limit or the fault. */
  told: string;
}

const times = (count: number, part: (index: number) => string, between = ' '): string => Array.from({ length: count }, (_, index) => part(index)).join(between);

/** Fragments on a type that each spread the next one twice: "a billion laughs". */
export const laughs = (levels: number, type: string, leaf: string): string => `${times(levels, (at) => `fragment f${at} on ${type} { ...f${at + 1} ...f${at + 1} }`)} fragment f${levels} on ${type} { ${leaf} }`;

const limit = (from: HostileQuery['from'], name: string, query: string, told: string): HostileQuery => ({ from, name, query, code: 'LIMIT_EXCEEDED', told });
const invalid = (from: HostileQuery['from'], name: string, query: string, told: string): HostileQuery => ({ from, name, query, code: 'GRAPHQL_VALIDATION_FAILED', told });

const ROOT_FIELDS = 'root fields: at most 20 fields allowed';
const ALIASES = 'aliases: at most 15 aliases allowed';
const DIRECTIVES = 'directives: at most 50 directives allowed';
const TOKENS = 'document length: at most 1000 tokens allowed';
const CHARACTERS = 'document length: at most 15000 characters allowed';
const DEPTH = 'depth: at most 10 levels allowed';
const COST = 'cost: at most 5000 fields, those of a list times its page size allowed';
const REPEATED = 'repeated fields: at most 10000 comparisons of fields that have one name at one place allowed';

export const hostileQueries: readonly HostileQuery[] = [
  // Aliases
  limit('graphql-cop', 'alias overloading', `{ ${times(101, (at) => `alias${at}: __typename`)} }`, ROOT_FIELDS),
  limit('GraphQL Armor', 'alias overloading below the root', `{ me { ${times(200, (at) => `alias${at}: id`)} } }`, ALIASES),
  limit('GraphQL Armor', 'aliases that fragments multiply', `{ me { ...f0 } } ${laughs(30, 'User', 'again: id')}`, ALIASES),
  limit('OWASP', 'guessing passwords by aliases', `mutation { ${times(40, (at) => `try${at}: logIn(input: { username: "admin", password: "${at}" }) { ticket }`)} }`, ROOT_FIELDS),
  limit('OWASP', 'ten thousand aliases', `{ ${times(10_000, (at) => `a${at}:__typename`)} }`, CHARACTERS),
  // Directives
  limit('graphql-cop', 'directive overloading', `{ __typename ${'@aa'.repeat(60)} }`, DIRECTIVES),
  limit('GraphQL Armor', '@include and @skip overloading', `{ me { ${'id @include(if: true) @skip(if: false) '.repeat(30)} } }`, DIRECTIVES),
  limit('GraphQL Armor', 'ten thousand tokens of directives', `{ __typename ${'@a'.repeat(5_000)} }`, TOKENS),
  // Fields again and again
  limit('graphql-cop', 'field duplication', `{ ${'__typename '.repeat(500)} }`, ROOT_FIELDS),
  limit('graphql-cop', '__typename a hundred thousand times', `{ ${'__typename '.repeat(100_000)} }`, CHARACTERS),
  limit('OWASP', 'field duplication below the root', `{ me { ${'id '.repeat(900)} } }`, REPEATED),
  limit('graphql-js', 'overlapping fields, whose comparison is quadratic', `{ training(id: "1") { ${'owner { id } '.repeat(230)} } }`, REPEATED),
  limit('graphql-js', 'overlapping fields in fragments', `{ me { ${times(70, (at) => `...f${at}`)} } } ${times(70, (at) => `fragment f${at} on User { id id id }`)}`, REPEATED),
  limit('graphql-js', 'overlapping fields of an operation that is not meant', `query { me { id } } query Other { me { ${'id '.repeat(900)} } }`, REPEATED),
  // Fragments
  invalid('graphql-cop', 'circular fragments', '{ me { ...A } } fragment A on User { id ...B } fragment B on User { username ...A }', 'Cannot spread fragment "A" within itself via "B".'),
  invalid('OWASP', 'a fragment within itself', '{ ...A } fragment A on Query { ...A }', 'Cannot spread fragment "A" within itself.'),
  invalid('OWASP', 'a ring of sixty fragments', `{ me { ...f0 } } ${times(60, (at) => `fragment f${at} on User { ...f${(at + 1) % 60} }`)}`, 'within itself via'),
  limit('GraphQL Armor', 'a billion laughs', `{ me { ...f0 } } ${laughs(70, 'User', 'id')}`, COST),
  limit('Apollo', 'a billion laughs that are left out', `query ($no: Boolean = false) { me @include(if: $no) { ...f0 } } ${laughs(70, 'User', 'id')}`, COST),
  limit('Apollo', 'a billion laughs over an interface', `{ notebook(id: "1") { ...f0 } } ${laughs(40, 'Job', 'id owner { id }')}`, COST),
  limit('GraphQL Armor', 'fragments over lists', '{ tasks(first: 100) { nodes { offers(first: 100) { nodes { resource { ...R } } } } } } fragment R on ComputingResource { id identifier { ...I } } fragment I on ComputingIdentifier { value city { code name } industry { code name } }', COST),
  // Depth and cost
  limit('GraphQL Armor', 'deep nesting', `{ dataset(id: "1") { ${'source { '.repeat(200)} id ${'}'.repeat(200)} } }`, DEPTH),
  limit('OWASP', 'deep nesting through a cycle of types', `{ training(id: "1") { ${'model { training { '.repeat(20)} id ${'} }'.repeat(20)} } }`, DEPTH),
  limit('OWASP', 'the largest page', '{ tasks(first: 2147483647) { nodes { id } } }', COST),
  // Introspection
  invalid('graphql-cop', 'circular introspection', '{ __schema { types { fields { type { fields { type { fields { type { fields { type { name } } } } } } } } } } }', 'Maximum introspection depth exceeded'),
  limit('graphql-cop', 'introspection fifteen times', `{ __schema { ${times(15, (at) => `a${at}: types { fields { type { fields { name args { name type { name } } } } } }`)} } }`, 'introspection: at most 2 times what the whole schema costs allowed'),
  // Literals
  limit('OWASP', 'a text of a megabyte', `{ training(id: "${'x'.repeat(1_000_000)}") { id } }`, CHARACTERS),
  invalid('OWASP', 'a number of fourteen thousand digits', `{ tasks(first: ${'9'.repeat(14_000)}) { nodes { id } } }`, 'Int cannot represent'),
  invalid('OWASP', 'lists within lists', `{ tasks(filter: ${'['.repeat(480)}1${']'.repeat(480)}) { nodes { id } } }`, 'Expected value of type "TaskFilter"'),
  invalid('OWASP', 'a list of a thousand numbers', `{ tasks(first: [${'1 '.repeat(950)}]) { nodes { id } } }`, 'Int cannot represent'),
  invalid('OWASP', 'an argument again and again', `{ training(${'id: "1" '.repeat(300)}) { id } }`, 'There can be only one argument named "id".'),
  // Probing and floods
  invalid('clairvoyance', 'probing for fields', `{ ${times(15, (at) => `usr${at}: usrs`)} ${times(5, (at) => `task${at}x`)} }`, 'Cannot query field'),
  invalid('clairvoyance', 'probing for arguments', `{ training(${times(300, (at) => `a${at}: 1`)}) { id } }`, 'Unknown argument'),
  invalid('clairvoyance', 'probing for types', `{ me { id } } ${times(140, (at) => `fragment f${at} on Use${at} { id }`)}`, 'Unknown type'),
  invalid('OWASP', 'variables that nobody uses', `query (${times(190, (at) => `$v${at}: Int`)}) { me { id } }`, 'is never used'),
  { from: 'GraphQL Armor', name: 'a hundred operations in a document', query: times(99, (at) => `query q${at} { me { id username } }`), code: 'BAD_INPUT', told: 'the document has 99 operations' },
  limit('graphql-cop', 'two thousand operations in a document', times(1_000, (at) => `query q${at}{me{id}}`, ''), CHARACTERS),
  { from: 'OWASP', name: 'no end', query: '{ me { '.repeat(150), code: 'GRAPHQL_PARSE_FAILED', told: 'Syntax Error' },
  limit('OWASP', 'commas and comments', `{ me { id } } ${',#\n'.repeat(10_000)}`, CHARACTERS),
  // Names of prototypes
  invalid('Apollo', 'a field named __proto__', '{ __proto__ { constructor } }', 'Cannot query field "__proto__"'),
  invalid('Apollo', 'a field named constructor', '{ me { constructor hasOwnProperty toString } }', 'Cannot query field "constructor"'),
  invalid('Apollo', 'an argument named __proto__', '{ training(id: "1", __proto__: { polluted: true }) { id } }', 'Unknown argument "__proto__"'),
  invalid('Apollo', 'an input field named __proto__', '{ tasks(filter: { __proto__: { polluted: true } }) { nodes { id } } }', '__proto__'),
  invalid('Apollo', 'an enum value named constructor', '{ codes(kind: constructor) { code } }', 'does not exist in "CodeKind" enum'),
  invalid('Apollo', 'a type named __proto__', '{ me { ... on __proto__ { id } } }', 'Unknown type "__proto__"'),
  invalid('Apollo', 'a directive named constructor', '{ me @constructor { id } }', 'Unknown directive "@constructor"'),
  invalid('Apollo', 'a fragment named __proto__ that is not there', '{ me { ...__proto__ } }', 'Unknown fragment "__proto__"'),
  { from: 'Apollo', name: 'a variable of prototype names', query: 'query ($f: TaskFilter) { tasks(filter: $f) { nodes { id } } }', variables: { f: JSON.parse('{"__proto__":{"polluted":true},"constructor":1}') as unknown }, code: 'BAD_INPUT', told: 'is not defined by type "TaskFilter"' },
];

/** The same as subscriptions, which are opened only when nothing speaks against them. */
export const hostileSubscriptions: readonly HostileQuery[] = [
  limit('graphql-cop', 'alias overloading', `subscription { taskChanged { ${times(200, (at) => `a${at}: id`)} } }`, ALIASES),
  limit('graphql-cop', 'directive overloading', `subscription { taskChanged { id ${'@aa'.repeat(60)} } }`, DIRECTIVES),
  limit('graphql-cop', 'field duplication', `subscription { taskChanged { ${'id '.repeat(900)} } }`, REPEATED),
  limit('GraphQL Armor', 'deep nesting', `subscription { jobChanged { job { ${'owner { '.repeat(100)} id ${'}'.repeat(100)} } } }`, DEPTH),
  limit('GraphQL Armor', 'a billion laughs', `subscription { taskChanged { ...f0 } } ${laughs(60, 'TaskEvent', 'id')}`, COST),
  limit('GraphQL Armor', 'tokens', `subscription { taskChanged { ${'id @a '.repeat(500)} } }`, TOKENS),
  limit('GraphQL Armor', 'characters', `subscription { taskChanged { id } } ${'#'.repeat(20_000)}`, CHARACTERS),
  limit('OWASP', 'cost', 'subscription { taskChanged { task { offers(first: 100) { nodes { resource { history(first: 100) { nodes { id } } } } } } } }', COST),
  invalid('OWASP', 'circular fragments', 'subscription { taskChanged { ...A } } fragment A on TaskEvent { id ...B } fragment B on TaskEvent { ...A }', 'Cannot spread fragment "A" within itself via "B".'),
  invalid('OWASP', 'all of them at once', `subscription { ${times(15, (at) => `a${at}: taskChanged { id }`)} }`, 'must select only one top level field'),
  invalid('Apollo', 'a field named __proto__', 'subscription { __proto__ { id } }', 'must not select an introspection top level field'),
];

/** A small one that is answered, new to the server each time. */
export const smallQuery = (nonce: string): string => `{ me { id username ${nonce}: roles } }`;
