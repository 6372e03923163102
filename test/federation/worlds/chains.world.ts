import type { FederationWorld } from '../world.js';

// @requires of fields that require others themselves, over subgraphs that know the entity by different keys.

interface Ref {
  id: string;
  code: string;
  net?: number | null;
  gross?: number | null;
  weight?: number | null;
  postage?: number | null;
  label?: string | null;
  maker?: { founded?: number | null; age?: number | null } | null;
}

const items = [
  { id: '1', code: 'a', net: 100, weight: 2, maker: { id: 'm1' } },
  { id: '2', code: 'b', net: 50, weight: null, maker: { id: 'm2' } },
];
const item = ({ id, code }: Partial<Ref>) => items.find((one) => one.id === id || one.code === code)!;
/** What is told of it, with all of its keys. */
const given = (ref: Ref) => ({ ...ref, id: item(ref).id, code: item(ref).code });
const times = (value: number | null | undefined, factor: number): number | null => (typeof value === 'number' ? value * factor : null);

export const chains: FederationWorld = {
  name: 'what is made of what is made',
  subgraphs: {
    shelves: {
      sdl: 'type Query { item: Item items: [Item!]! } type Item @key(fields: "code") { code: ID! }',
      resolvers: { Query: { item: () => ({ code: 'a' }), items: () => items.map(({ code }) => ({ code })) } },
    },
    prices: {
      sdl: `type Item @key(fields: "id") @key(fields: "code") {
          id: ID! code: ID! net: Int @external gross: Int @requires(fields: "net")
          weight: Int @external postage: Int @requires(fields: "weight")
          maker: Maker @external discount: Int @requires(fields: "maker { age }")
        }
        type Maker @key(fields: "id") { id: ID! age: Int @external }`,
      resolvers: { Item: { __resolveReference: given, gross: ({ net }: Ref) => times(net, 2), postage: ({ weight }: Ref) => times(weight, 10), discount: ({ maker }: Ref) => times(maker?.age, 1) } },
    },
    shop: {
      sdl: `type Item @key(fields: "id") {
          id: ID! net: Int gross: Int @external label: String @requires(fields: "gross")
          postage: Int @external parcel: String @requires(fields: "postage gross")
        }`,
      resolvers: { Item: { __resolveReference: given, net: (ref: Ref) => item(ref).net, label: ({ gross }: Ref) => `for ${gross}`, parcel: ({ postage, gross }: Ref) => `${gross} and ${postage}` } },
    },
    scales: {
      sdl: `type Item @key(fields: "id") { id: ID! weight: Int label: String @external shown: String @requires(fields: "label") maker: Maker }
        type Maker @key(fields: "id") { id: ID! founded: Int @external age: Int @requires(fields: "founded") }`,
      resolvers: {
        Item: { __resolveReference: given, weight: (ref: Ref) => item(ref).weight, shown: ({ label }: Ref) => `»${label}«`, maker: (ref: Ref) => item(ref).maker },
        Maker: { age: ({ founded }: { founded?: number }) => times(founded, -1) },
      },
    },
    registry: {
      sdl: 'type Maker @key(fields: "id") { id: ID! founded: Int }',
      resolvers: { Maker: { founded: ({ id }: { id: string }) => Number(id.slice(1)) } },
    },
  },
  cases: [
    { name: 'a chain over the subgraph that the key comes from', query: '{ item { label } }', data: { item: { label: 'for 200' } } },
    { name: 'the same beside what it begins with', query: '{ item { net label } }', data: { item: { net: 100, label: 'for 200' } } },
    { name: 'a chain that begins in yet another subgraph', query: '{ item { parcel } }', data: { item: { parcel: '200 and 20' } } },
    { name: 'a chain with a link that is null', query: '{ items { parcel postage } }', data: { items: [{ parcel: '200 and 20', postage: 20 }, { parcel: '100 and null', postage: null }] } },
    { name: 'a chain of three', query: '{ items { shown } }', data: { items: [{ shown: '»for 200«' }, { shown: '»for 100«' }] } },
    { name: 'all links of chains', query: '{ items { shown parcel label gross weight } }', data: { items: [{ shown: '»for 200«', parcel: '200 and 20', label: 'for 200', gross: 200, weight: 2 }, { shown: '»for 100«', parcel: '100 and null', label: 'for 100', gross: 100, weight: null }] } },
    { name: 'a chain under a condition beside one without', query: 'query ($yes: Boolean = true) { items { net } items @include(if: $yes) { label } }', data: { items: [{ net: 100, label: 'for 200' }, { net: 50, label: 'for 100' }] } },
    { name: 'a chain through another entity', query: '{ items { discount } }', data: { items: [{ discount: -1 }, { discount: -2 }] } },
  ],
};
