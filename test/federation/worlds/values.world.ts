import { ToldFailure, type FederationWorld } from '../world.js';

// Leaves of every kind, nulls where none may be, lists of lists, failures and their paths, over one subgraph and over two.

interface Ref {
  id: string;
}

const box = (id: string) => ({ id });

export const values: FederationWorld = {
  name: 'values',
  subgraphs: {
    plain: {
      sdl: `
        scalar JSON
        enum Colour { RED GREEN BLUE @inaccessible }
        type Box @key(fields: "id") { id: ID! label: String }
        type Deep { must: String! may: String next: Deep required: Deep! items: [Deep!] all: [Deep!]! bad: String! box: Box boxes: [Box!]! maybe: [Box] }
        input Size { width: Int = 3 height: Int! tags: [String!] inner: Size }
        type Query {
          text: String number: Int float: Float flag: Boolean id: ID colour: Colour hidden: Colour json: JSON
          texts: [String] numbers: [Int!] matrix: [[Int]] empties: [[String!]!]! nothing: [String!]
          deep: Deep box(id: ID!): Box boxes(ids: [ID!]!): [Box] area(size: Size): Int echo(json: JSON): JSON colourName(colour: Colour!): String
          wrongList: [String!] holes: [String!] fails: String failsHard: String! two: [Box!]!
        }`,
      resolvers: {
        Box: { __resolveReference: ({ id }: Ref) => box(id), label: ({ id }: Ref) => `box ${id}` },
        Deep: {
          must: () => 'here', may: () => null, next: () => ({}), required: () => ({}), items: () => [{}, {}], all: () => [{}],
          bad: () => { throw new ToldFailure('BAD'); }, box: () => box('1'), boxes: () => [box('1'), box('2'), box('1')], maybe: () => [null, box('2')],
        },
        Query: {
          text: () => 'a "quoted" 文字 🙂', number: () => -2_147_483_648, float: () => 0.1, flag: () => false, id: () => 12, colour: () => 'GREEN', hidden: () => 'BLUE',
          json: () => ({ a: [1, null, { __proto: 'x', constructor: 'y' }], b: null }),
          texts: () => ['a', null, ''], numbers: () => [0, -1], matrix: () => [[1, null], null, []], empties: () => [[], ['x']], nothing: () => null,
          deep: () => ({}), box: (_: never, { id }: Ref) => box(id), boxes: (_: never, { ids }: { ids: string[] }) => ids.map((id) => (id === '0' ? null : box(id))),
          area: (_: never, { size }: { size?: { width: number; height: number } }) => (size ? size.width * size.height : null),
          echo: (_: never, { json }: { json: unknown }) => json, colourName: (_: never, { colour }: { colour: string }) => colour.toLowerCase(),
          wrongList: () => ['a', null], holes: () => null, fails: () => { throw new ToldFailure('FAILS'); }, failsHard: () => { throw new ToldFailure('HARD'); }, two: () => [box('1'), box('1')],
        },
      },
    },
    contents: {
      sdl: `
        type Box @key(fields: "id") { id: ID! weight: Float! inside: [Box!] content(depth: Int = 1): Content first: String! colour: Colour shape: Shape }
        type Content { box: Box! name: String! }
        enum Colour { RED GREEN BLUE }
        enum Shape { CUBE BALL }
        type Query { heaviest: Box }`,
      resolvers: {
        Box: {
          __resolveReference: ({ id }: Ref) => (id === 'gone' ? null : { id }),
          weight: ({ id }: Ref) => { if (id === '2') throw new ToldFailure('NO_SCALE'); return Number(id) + 0.5; },
          inside: ({ id }: Ref) => (id === '1' ? [{ id: '3' }, { id: '4' }] : []),
          content: ({ id }: Ref, { depth }: { depth: number }) => (depth === 0 ? null : { box: { id: `${id}${depth}` }, name: `in ${id}` }),
          first: ({ id }: Ref) => (id === '3' ? null : `first of ${id}`),
          colour: () => 'RED', shape: ({ id }: Ref) => (id === '1' ? 'CUBE' : 'BALL'),
        },
        Query: { heaviest: () => ({ id: '9' }) },
      },
    },
  },
  cases: [
    { name: 'an object of which nothing is asked for in the end', query: 'query ($p: Boolean!) { box(id: "1") @skip(if: $p) { ... on Box { label @include(if: false) } } }', variables: { p: false }, data: { box: {} } },
    { name: 'an object of which nothing is asked for, by conditions that exclude each other', query: 'query ($p: Boolean!) { box(id: "1") { ... on Box { label @skip(if: $p) @include(if: $p) } } }', variables: { p: false }, data: { box: {} } },
    { name: 'the same, one of them around the other', query: 'query ($p: Boolean!) { box(id: "1") @include(if: $p) { ... on Box { label @skip(if: $p) } } }', variables: { p: true }, data: { box: {} } },
    { name: 'an object under a condition, of which everything is under another', query: 'query ($p: Boolean!, $q: Boolean!) { box(id: "1") @skip(if: $p) { ... on Box @include(if: $q) { label } } number }', variables: { p: false, q: false }, data: { box: {}, number: -2_147_483_648 } },
    { name: 'introspection within a fragment that has conditions', query: 'query ($p: Boolean!) { number ... on Query @skip(if: $p) @include(if: $p) { ... on Query { __schema { queryType { name } } } } }', variables: { p: false }, data: { number: -2_147_483_648 } },
    { name: 'the name of what finds entities, as an alias', query: '{ _entities: texts }', data: { _entities: ['a', null, ''] } },
    { name: 'a variable of the name that the planner has for its own', query: 'query ($representations: Boolean!) { box(id: "1") { label weight @include(if: $representations) } }', variables: { representations: true }, data: { box: { label: 'box 1', weight: 1.5 } } },
    { name: 'a text with quotes and of any script', query: '{ text }', data: { text: 'a "quoted" 文字 🙂' } },
    { name: 'numbers, a flag and an id', query: '{ number float flag id }', data: { number: -2_147_483_648, float: 0.1, flag: false, id: '12' } },
    { name: 'an enum', query: '{ colour }', data: { colour: 'GREEN' } },
    { name: 'an enum as an argument', query: '{ colourName(colour: RED) }', data: { colourName: 'red' } },
    { name: 'an enum as a variable', query: 'query ($c: Colour!) { colourName(colour: $c) }', variables: { c: 'GREEN' }, data: { colourName: 'green' } },
    { name: 'an enum of a joined entity', query: '{ box(id: "1") { colour shape } }', data: { box: { colour: 'RED', shape: 'CUBE' } } },
    { name: 'JSON as it is', query: '{ json }', data: { json: { a: [1, null, { __proto: 'x', constructor: 'y' }], b: null } } },
    { name: 'JSON through a variable', query: 'query ($j: JSON) { echo(json: $j) }', variables: { j: { a: [{ b: 'c' }], n: 1.5 } }, data: { echo: { a: [{ b: 'c' }], n: 1.5 } } },
    { name: 'lists with nulls and empty texts', query: '{ texts numbers }', data: { texts: ['a', null, ''], numbers: [0, -1] } },
    { name: 'lists of lists', query: '{ matrix empties nothing }', data: { matrix: [[1, null], null, []], empties: [[], ['x']], nothing: null } },
    { name: 'an object as an argument, with its default', query: '{ area(size: { height: 4 }) }', data: { area: 12 } },
    { name: 'an object as a variable', query: 'query ($s: Size) { area(size: $s) }', variables: { s: { width: 2, height: 5, inner: { height: 1 } } }, data: { area: 10 } },
    { name: 'a variable inside an object', query: 'query ($h: Int!) { area(size: { width: 2, height: $h }) }', variables: { h: 7 }, data: { area: 14 } },
    { name: 'an argument that is left out', query: '{ area }', data: { area: null } },
    { name: 'the default argument of a joined field', query: '{ box(id: "1") { content { name } } }', data: { box: { content: { name: 'in 1' } } } },
    { name: 'another argument of a joined field', query: '{ box(id: "1") { content(depth: 0) { name } } }', data: { box: { content: null } } },
    { name: 'a joined field twice with other arguments', query: '{ box(id: "1") { a: content(depth: 1) { box { id } } b: content(depth: 2) { box { id } } } }', data: { box: { a: { box: { id: '11' } }, b: { box: { id: '12' } } } } },
    { name: 'a variable as the argument of a joined field', query: 'query ($d: Int) { box(id: "1") { content(depth: $d) { box { label } } } }', variables: { d: 3 }, data: { box: { content: { box: { label: 'box 13' } } } } },
    { name: 'the same entity twice in a list', query: '{ two { id label weight } }', data: { two: [{ id: '1', label: 'box 1', weight: 1.5 }, { id: '1', label: 'box 1', weight: 1.5 }] } },
    { name: 'a list with holes, joined', query: '{ boxes(ids: ["1", "0", "3"]) { weight } }', data: { boxes: [{ weight: 1.5 }, null, { weight: 3.5 }] } },
    { name: 'one of a list that fails', query: '{ boxes(ids: ["1", "2", "3"]) { id weight } }', data: { boxes: [{ id: '1', weight: 1.5 }, null, { id: '3', weight: 3.5 }] }, errors: [{ path: ['boxes', 1, 'weight'], code: 'NO_SCALE' }] },
    { name: 'the same in a list that may hold no null', query: '{ deep { must boxes { weight } } }', data: { deep: null }, errors: [{ path: ['deep', 'boxes', 1, 'weight'], code: 'NO_SCALE' }] },
    { name: 'the same in a list that may', query: '{ deep { must maybe { weight } } }', data: { deep: { must: 'here', maybe: [null, null] } }, errors: [{ path: ['deep', 'maybe', 1, 'weight'], code: 'NO_SCALE' }] },
    { name: 'a list that a failing subgraph shortens', query: '{ box(id: "1") { inside { label content { name } } } }', data: { box: { inside: [{ label: 'box 3', content: { name: 'in 3' } }, { label: 'box 4', content: { name: 'in 4' } }] } } },
    { name: 'a field that fails', query: '{ fails text }', data: { fails: null, text: 'a "quoted" 文字 🙂' }, errors: [{ path: ['fails'], code: 'FAILS' }] },
    { name: 'a required one', query: '{ failsHard }', data: null, errors: [{ path: ['failsHard'], code: 'HARD' }] },
    { name: 'a required one beside another subgraph', query: '{ failsHard heaviest { id } }', data: null, errors: [{ path: ['failsHard'], code: 'HARD' }] },
    { name: 'two that fail', query: '{ a: fails b: fails }', data: { a: null, b: null }, errors: [{ path: ['a'], code: 'FAILS' }, { path: ['b'], code: 'FAILS' }] },
    { name: 'a failure three objects deep', query: '{ deep { next { next { bad must } must } must } }', data: { deep: { next: { next: null, must: 'here' }, must: 'here' } }, errors: [{ path: ['deep', 'next', 'next', 'bad'], code: 'BAD' }] },
    { name: 'a failure through required objects', query: '{ deep { required { required { bad } } may } }', data: { deep: null }, errors: [{ path: ['deep', 'required', 'required', 'bad'], code: 'BAD' }] },
    { name: 'a failure in a list of required ones', query: '{ deep { items { bad } must } }', data: { deep: { items: null, must: 'here' } }, errors: [{ path: ['deep', 'items', 0, 'bad'], code: 'BAD' }] },
    { name: 'a failure in a required list', query: '{ deep { all { bad } must } }', data: { deep: null }, errors: [{ path: ['deep', 'all', 0, 'bad'], code: 'BAD' }] },
    { name: 'joined below objects that are no entities', query: '{ deep { next { box { label weight } } box { label } } }', data: { deep: { next: { box: { label: 'box 1', weight: 1.5 } }, box: { label: 'box 1' } } } },
    { name: 'entities of one name at three places', query: '{ deep { box { weight } next { box { weight } items { box { weight } } } } }', data: { deep: { box: { weight: 1.5 }, next: { box: { weight: 1.5 }, items: [{ box: { weight: 1.5 } }, { box: { weight: 1.5 } }] } } } },
    { name: 'a joined field beside a null', query: '{ deep { may box { first } } }', data: { deep: { may: null, box: { first: 'first of 1' } } } },
    { name: 'joins of joins that come back', query: '{ heaviest { label inside { label } content { box { label weight } } } }', data: { heaviest: { label: 'box 9', inside: [], content: { box: { label: 'box 91', weight: 91.5 } } } } },
    { name: 'many of them at once', query: '{ heaviest { id weight label colour shape first content { name box { shape } } } }', data: { heaviest: { id: '9', weight: 9.5, label: 'box 9', colour: 'RED', shape: 'BALL', first: 'first of 9', content: { name: 'in 9', box: { shape: 'BALL' } } } } },
    { name: '@skip on a joined field by a variable with a default', query: 'query ($s: Boolean = true) { box(id: "1") { label weight @skip(if: $s) } }', data: { box: { label: 'box 1' } } },
    { name: 'the same, overruled', query: 'query ($s: Boolean = true) { box(id: "1") { label weight @skip(if: $s) } }', variables: { s: false }, data: { box: { label: 'box 1', weight: 1.5 } } },
    { name: 'conditions in conditions', query: 'query ($a: Boolean!, $b: Boolean!) { box(id: "1") { label ... @include(if: $a) { weight ... @skip(if: $b) { shape } } } }', variables: { a: true, b: true }, data: { box: { label: 'box 1', weight: 1.5 } } },
    { name: 'conditions in conditions, both kept', query: 'query ($a: Boolean!, $b: Boolean!) { box(id: "1") { label ... @include(if: $a) { weight ... @skip(if: $b) { shape } } } }', variables: { a: true, b: false }, data: { box: { label: 'box 1', weight: 1.5, shape: 'CUBE' } } },
    { name: 'an operation chosen by nothing but being alone', query: 'query Only { number }', data: { number: -2_147_483_648 } },
    { name: 'keys that are numbers in disguise', query: '{ _1: number _0: number }', data: { _1: -2_147_483_648, _0: -2_147_483_648 } },
    { name: 'a key named __proto__', query: '{ __proto__: text deep { __proto__: must } }', data: JSON.parse('{ "__proto__": "a \\"quoted\\" 文字 🙂", "deep": { "__proto__": "here" } }') as unknown },
    { name: 'an alias with the name of a key', query: '{ box(id: "1") { id: label weight } }', data: { box: { id: 'box 1', weight: 1.5 } } },
    { name: 'the same of a joined field', query: '{ box(id: "1") { id: shape label inside { id: weight label } } }', data: { box: { id: 'CUBE', label: 'box 1', inside: [{ id: 3.5, label: 'box 3' }, { id: 4.5, label: 'box 4' }] } } },
    { name: 'the same of an object, in the order that was asked for', query: '{ box(id: "1") { weight label: content { box: name name: box { id: label label: id } } id } }', data: { box: { weight: 1.5, label: { box: 'in 1', name: { id: 'box 11', label: '11' } }, id: '1' } } },
    { name: 'the same of a field that fails', query: '{ box(id: "2") { id: weight label } }', data: { box: null }, errors: [{ path: ['box', 'id'], code: 'NO_SCALE' }] },
    { name: 'the same of a required field that is missing', query: '{ box(id: "3") { id: first label } }', data: { box: null }, errors: [{ path: ['box', 'id'], code: 'INTERNAL_SERVER_ERROR' }] },
    { name: 'the same beside a value that has keys like those that aliases are given on the way', query: 'query ($json: JSON) { echo(json: $json) box(id: "1") { ...B } } fragment B on Box { id: label weight }', variables: { json: { client_alias_id: [{ client_alias_id: 1 }] } }, data: { echo: { client_alias_id: [{ client_alias_id: 1 }] }, box: { id: 'box 1', weight: 1.5 } } },
    { name: 'an alias __typename of another field', query: '{ box(id: "1") { __typename: label weight } }', data: { box: { __typename: 'box 1', weight: 1.5 } } },
    { name: 'a variable named __proto__', query: 'query ($__proto__: ID!) { box(id: $__proto__) { label weight } }', variables: JSON.parse('{ "__proto__": "1" }') as Record<string, unknown>, data: { box: { label: 'box 1', weight: 1.5 } } },
    { name: 'a joined key named __proto__', query: '{ box(id: "1") { __proto__: shape label } }', data: JSON.parse('{ "box": { "__proto__": "CUBE", "label": "box 1" } }') as unknown },
  ],
};
