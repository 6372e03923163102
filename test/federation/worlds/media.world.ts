import { ToldFailure, type FederationWorld } from '../world.js';

// Interfaces, unions, fragments on them, @interfaceObject, types that clients do not see.

interface Thing {
  __typename?: string;
  id: string;
}

const media: Record<string, Record<string, unknown> & Thing> = {
  m1: { __typename: 'Book', id: 'm1', title: 'Moby', pages: 600, author: { __typename: 'Person', id: 'a1' } },
  m2: { __typename: 'Film', id: 'm2', title: 'Jaws', minutes: 124, author: { __typename: 'Studio', id: 's1' } },
  m3: { __typename: 'Book', id: 'm3', title: 'Emma', pages: 400, author: { __typename: 'Person', id: 'a2' } },
};
const typeOf = ({ __typename }: Thing) => __typename;

export const mediaLibrary: FederationWorld = {
  name: 'a library of media',
  subgraphs: {
    catalogue: {
      sdl: `
        interface Media @key(fields: "id") { id: ID! title: String author: Author }
        type Book implements Media @key(fields: "id") { id: ID! title: String author: Author pages: Int format: Format }
        type Film implements Media @key(fields: "id") { id: ID! title: String author: Author minutes: Int format: Reel }
        type Format { name: String } type Reel { name: Int }
        union Author = Person | Studio
        type Person @key(fields: "id") { id: ID! }
        type Studio @key(fields: "id") { id: ID! }
        union Result = Book | Person | Note
        type Note { text: String }
        type Secret implements Media @key(fields: "id") @inaccessible { id: ID! title: String author: Author }
        type Query { media(id: ID!): Media shelf: [Media] results: [Result!]! secrets: [Media] must: Media! }`,
      resolvers: {
        Media: { __resolveType: typeOf, __resolveReference: ({ id }: Thing) => media[id] ?? null },
        Book: { __resolveReference: ({ id }: Thing) => media[id] ?? null, format: () => ({ name: 'paper' }) },
        Film: { __resolveReference: ({ id }: Thing) => media[id] ?? null, format: () => ({ name: 35 }) },
        Author: { __resolveType: typeOf },
        Result: { __resolveType: typeOf },
        Query: {
          media: (_: never, { id }: Thing) => media[id] ?? null,
          shelf: () => [media['m1'], media['m2'], null, media['m3']],
          results: () => [media['m1'], { __typename: 'Person', id: 'a2' }, { __typename: 'Note', text: 'hello' }],
          secrets: () => [media['m1'], { __typename: 'Secret', id: 'x1', title: 'hidden' }],
          must: () => { throw new ToldFailure('NO_MEDIA'); },
        },
      },
    },
    people: {
      sdl: `
        interface Named { name: String }
        type Person implements Named @key(fields: "id") { id: ID! name: String born: Int works: [Work] }
        type Studio implements Named @key(fields: "id") { id: ID! name: String city: String }
        type Book @key(fields: "id") { id: ID! loans: Int }
        type Film @key(fields: "id") { id: ID! loans: Float }
        union Work = Book | Film
        type Query { named: [Named!]! person(id: ID!): Person }`,
      resolvers: {
        Named: { __resolveType: typeOf },
        Person: { __resolveReference: ({ id }: Thing) => ({ id, name: id === 'a1' ? 'Melville' : 'Austen', born: id === 'a1' ? 1819 : 1775, works: id === 'a1' ? [{ __typename: 'Book', id: 'm1' }, { __typename: 'Film', id: 'm2' }] : [] }) },
        Studio: { __resolveReference: ({ id }: Thing) => ({ id, name: 'Universal', city: 'LA' }) },
        Book: { __resolveReference: (ref: Thing) => ref, loans: () => 3 },
        Film: { __resolveReference: (ref: Thing) => ref, loans: () => 1.5 },
        Work: { __resolveType: typeOf },
        Query: { named: () => [{ __typename: 'Person', id: 'a1', name: 'Melville', born: 1819 }, { __typename: 'Studio', id: 's1', name: 'Universal', city: 'LA' }], person: (_: never, { id }: Thing) => ({ id, name: 'Melville', born: 1819, works: [{ __typename: 'Book', id: 'm1' }, { __typename: 'Film', id: 'm2' }] }) },
      },
    },
    ratings: {
      sdl: `
        type Media @key(fields: "id") @interfaceObject { id: ID! stars: Int critics: [Critic!] worst: Int! }
        type Critic { name: String favourite: Media }
        type Query { topRated: Media top: [Media!]! }`,
      resolvers: {
        Media: {
          __resolveReference: (ref: Thing) => ref,
          stars: ({ id }: Thing) => ({ m1: 5, m2: 4, m3: 3 })[id] ?? null,
          critics: ({ id }: Thing) => [{ name: `critic of ${id}`, favourite: { id: 'm3' } }],
          worst: ({ id }: Thing) => { if (id === 'm2') throw new ToldFailure('NO_WORST'); return 1; },
        },
        Query: { topRated: () => ({ id: 'm2' }), top: () => [{ id: 'm1' }, { id: 'm2' }] },
      },
    },
  },
  cases: [
    { name: 'a field of an interface', query: '{ shelf { title } }', data: { shelf: [{ title: 'Moby' }, { title: 'Jaws' }, null, { title: 'Emma' }] } },
    { name: 'the type of what implements it', query: '{ shelf { __typename id } }', data: { shelf: [{ __typename: 'Book', id: 'm1' }, { __typename: 'Film', id: 'm2' }, null, { __typename: 'Book', id: 'm3' }] } },
    { name: 'fragments on what implements it', query: '{ shelf { ... on Book { pages } ... on Film { minutes } } }', data: { shelf: [{ pages: 600 }, { minutes: 124 }, null, { pages: 400 }] } },
    { name: 'a fragment that only some match', query: '{ shelf { title ... on Film { minutes } } }', data: { shelf: [{ title: 'Moby' }, { title: 'Jaws', minutes: 124 }, null, { title: 'Emma' }] } },
    { name: 'a named fragment on the interface', query: '{ shelf { ...M } } fragment M on Media { title ... on Book { pages } }', data: { shelf: [{ title: 'Moby', pages: 600 }, { title: 'Jaws' }, null, { title: 'Emma', pages: 400 }] } },
    { name: 'a field of another subgraph for one implementation', query: '{ shelf { ... on Book { title loans } } }', data: { shelf: [{ title: 'Moby', loans: 3 }, {}, null, { title: 'Emma', loans: 3 }] } },
    { name: 'a field of two types by one name, of two forms', query: '{ shelf { ... on Book { b: loans } ... on Film { f: loans } } }', data: { shelf: [{ b: 3 }, { f: 1.5 }, null, { b: 3 }] } },
    { name: 'objects of two types under one key', query: '{ shelf { ... on Book { format { name } } ... on Film { format { size: name } } } }', data: { shelf: [{ format: { name: 'paper' } }, { format: { size: 35 } }, null, { format: { name: 'paper' } }] } },
    { name: 'members of a union', query: '{ results { __typename ... on Book { title } ... on Person { id } ... on Note { text } } }', data: { results: [{ __typename: 'Book', title: 'Moby' }, { __typename: 'Person', id: 'a2' }, { __typename: 'Note', text: 'hello' }] } },
    { name: 'members that are not asked for', query: '{ results { ... on Note { text } } }', data: { results: [{}, {}, { text: 'hello' }] } },
    { name: 'a member joined with another subgraph', query: '{ results { ... on Person { name born } ... on Book { loans } } }', data: { results: [{ loans: 3 }, { name: 'Austen', born: 1775 }, {}] } },
    { name: 'a fragment on an interface within a union', query: '{ results { ... on Media { title } ... on Named { name } } }', data: { results: [{ title: 'Moby' }, { name: 'Austen' }, {}] } },
    { name: 'a union in an interface', query: '{ shelf { author { __typename ... on Person { born } ... on Studio { city } } } }', data: { shelf: [{ author: { __typename: 'Person', born: 1819 } }, { author: { __typename: 'Studio', city: 'LA' } }, null, { author: { __typename: 'Person', born: 1775 } }] } },
    { name: 'an interface of another subgraph within a union', query: '{ media(id: "m2") { author { ... on Named { name } } } }', data: { media: { author: { name: 'Universal' } } } },
    { name: 'an interface of one subgraph, and a field of its entity elsewhere', query: '{ named { name ... on Person { works { __typename } } ... on Studio { city } } }', data: { named: [{ name: 'Melville', works: null }, { name: 'Universal', city: 'LA' }] } },
    { name: 'a union of entities that another subgraph knows', query: '{ person(id: "a1") { works { ... on Book { title } ... on Film { title minutes } } } }', data: { person: { works: [{ title: 'Moby' }, { title: 'Jaws', minutes: 124 }] } } },
    { name: 'both sides of a union of entities', query: '{ person(id: "a1") { works { __typename ... on Book { pages loans } ... on Film { time: minutes } } } }', data: { person: { works: [{ __typename: 'Book', pages: 600, loans: 3 }, { __typename: 'Film', time: 124 }] } } },
    { name: 'an @interfaceObject gives all implementations a field', query: '{ shelf { title stars } }', data: { shelf: [{ title: 'Moby', stars: 5 }, { title: 'Jaws', stars: 4 }, null, { title: 'Emma', stars: 3 }] } },
    { name: 'the same within a fragment on one', query: '{ shelf { ... on Book { stars } } }', data: { shelf: [{ stars: 5 }, {}, null, { stars: 3 }] } },
    { name: 'from the @interfaceObject to the interface', query: '{ topRated { title } }', data: { topRated: { title: 'Jaws' } } },
    { name: 'the real type behind an @interfaceObject', query: '{ top { __typename stars } }', data: { top: [{ __typename: 'Book', stars: 5 }, { __typename: 'Film', stars: 4 }] } },
    { name: 'fragments behind an @interfaceObject', query: '{ top { ... on Book { pages } ... on Film { minutes } stars } }', data: { top: [{ pages: 600, stars: 5 }, { minutes: 124, stars: 4 }] } },
    { name: 'an @interfaceObject alone needs nobody else', query: '{ topRated { id stars } }', data: { topRated: { id: 'm2', stars: 4 } } },
    { name: 'through an @interfaceObject and back', query: '{ media(id: "m1") { critics { name favourite { title stars } } } }', data: { media: { critics: [{ name: 'critic of m1', favourite: { title: 'Emma', stars: 3 } }] } } },
    { name: 'deep behind it, by type', query: '{ topRated { critics { favourite { __typename ... on Book { pages author { ... on Person { name } } } } } } }', data: { topRated: { critics: [{ favourite: { __typename: 'Book', pages: 400, author: { name: 'Austen' } } }] } } },
    { name: 'a required field of an @interfaceObject that fails', query: '{ shelf { title worst } }', data: { shelf: [{ title: 'Moby', worst: 1 }, null, null, { title: 'Emma', worst: 1 }] }, errors: [{ path: ['shelf', 1, 'worst'], code: 'NO_WORST' }] },
    { name: 'an interface that is not there', query: '{ media(id: "m9") { title stars ... on Book { loans } } }', data: { media: null } },
    { name: 'a required root field that fails', query: '{ must { title } }', data: null, errors: [{ path: ['must'], code: 'NO_MEDIA' }] },
    { name: 'the same beside others', query: '{ topRated { id } must { title } }', data: null, errors: [{ path: ['must'], code: 'NO_MEDIA' }] },
    { name: '@include on a fragment of one type', query: 'query ($p: Boolean!) { shelf { title ... on Book @include(if: $p) { pages loans } } }', variables: { p: false }, data: { shelf: [{ title: 'Moby' }, { title: 'Jaws' }, null, { title: 'Emma' }] } },
    { name: 'the same, kept', query: 'query ($p: Boolean!) { shelf { title ... on Book @include(if: $p) { pages loans } } }', variables: { p: true }, data: { shelf: [{ title: 'Moby', pages: 600, loans: 3 }, { title: 'Jaws' }, null, { title: 'Emma', pages: 400, loans: 3 }] } },
    { name: 'a field by the interface and by its type', query: '{ shelf { title ... on Book { title pages } ... on Media { id } } }', data: { shelf: [{ title: 'Moby', pages: 600, id: 'm1' }, { title: 'Jaws', id: 'm2' }, null, { title: 'Emma', pages: 400, id: 'm3' }] } },
    { name: 'the keys in the order of the fragments of the type', query: '{ media(id: "m1") { ... on Book { pages } title ... on Media { id } stars } }', data: { media: { pages: 600, title: 'Moby', id: 'm1', stars: 5 } } },
    { name: 'a fragment on another type never applies', query: '{ media(id: "m1") { title ... on Film { minutes stars } } }', data: { media: { title: 'Moby' } } },
    { name: 'a fragment on an interface around one on the type that is there anyway', query: '{ person(id: "a1") { ... on Named { ... on Person { born } name } } }', data: { person: { born: 1819, name: 'Melville' } } },
    { name: 'the same by names, and by a union', query: 'query { person(id: "a1") { ...Any ... on Author { ...Born } } } fragment Any on Named { ... on Person { name } ... on Studio { city } } fragment Born on Person { born }', data: { person: { name: 'Melville', born: 1819 } } },
    { name: 'the same within other fragments', query: 'query ($all: Boolean = true) { person(id: "a1") { ... @include(if: $all) { ... on Person { ... on Named { ... on Person { name } } } } } }', data: { person: { name: 'Melville' } } },
    { name: 'an alias with the name of a hidden step to another subgraph, on an interface', query: '{ shelf { id: title stars } }', data: { shelf: [{ id: 'Moby', stars: 5 }, { id: 'Jaws', stars: 4 }, null, { id: 'Emma', stars: 3 }] } },
    { name: 'the same on each of its types', query: '{ shelf { ... on Book { id: pages loans } ... on Film { id: minutes } } }', data: { shelf: [{ id: 600, loans: 3 }, { id: 124 }, null, { id: 400, loans: 3 }] } },
    { name: 'an alias __typename of another field, on an interface', query: '{ shelf { __typename: title ... on Book { pages } } }', data: { shelf: [{ __typename: 'Moby', pages: 600 }, { __typename: 'Jaws' }, null, { __typename: 'Emma', pages: 400 }] } },
    { name: 'the same within a fragment on it', query: '{ person(id: "a1") { __typename: name ... on Named { ... on Person { born } } } }', data: { person: { __typename: 'Melville', born: 1819 } } },
    { name: 'an alias of __typename on an interface', query: '{ shelf { kind: __typename } }', data: { shelf: [{ kind: 'Book' }, { kind: 'Film' }, null, { kind: 'Book' }] } },
    { name: 'the type beside a field of the @interfaceObject', query: '{ shelf { stars __typename } }', data: { shelf: [{ stars: 5, __typename: 'Book' }, { stars: 4, __typename: 'Film' }, null, { stars: 3, __typename: 'Book' }] } },
    { name: 'the real type under an alias with a condition, twice', query: 'query ($p: Boolean!) { topRated { kind: __typename @skip(if: $p) type: __typename id __typename } }', variables: { p: true }, data: { topRated: { type: 'Film', id: 'm2', __typename: 'Film' } } },
    { name: 'a fragment on a union behind an @interfaceObject', query: '{ topRated { ... on Work { __typename ... on Film { minutes } } } }', data: { topRated: { __typename: 'Film', minutes: 124 } } },
    { name: 'introspection of the interface', query: '{ __type(name: "Media") { kind possibleTypes { name } } }', data: { __type: { kind: 'INTERFACE', possibleTypes: [{ name: 'Book' }, { name: 'Film' }] } } },
    { name: 'a type that clients do not see is not there', query: '{ __type(name: "Secret") { name } }', data: { __type: null } },
  ],
};
