import { Kind, type TypeNode } from 'graphql';
import { ToldFailure } from '../world.js';
import { OBJECTS, ownerOf, typeOf, type ModelField, type Requirement, type WorldModel } from './world.model.js';

/** An object of the data: the so manieth of its type. */
export interface Thing {
  __typename: string;
  /** What it really is, where a subgraph knows it by an interface alone. */
  type: string;
  index: number;
  /** What a subgraph was told of it. */
  given?: Readonly<Record<string, unknown>>;
}

type Given = Readonly<Record<string, unknown>>;
type Arguments = Given;

const TEXTS = ['', 'plain', 'a "quoted" \\ text', '文字 🙂 é', '\u2028\n\t', '__proto__', '</script>', 'null', '{"data":null}', '\ud800'];
const FLOATS = [0, 0.1, -2.5, 1e21, 1e-7, 123_456_789.125];
const INTEGERS = [0, 1, -1, 2_147_483_647, -2_147_483_648];
const BLOBS = [{ a: [1, null, { b: 'x' }] }, [], 'text', 7, JSON.parse('{"__proto__":{"polluted":true},"constructor":"c","__typename":"E0","id":null}') as unknown, { toString: 'x', constructor: 1 }];
export const HUES = ['RED', 'GREEN', 'constructor'];

/** Everything there is to know of a world's objects: the same for the same seed, whoever asks. */
export class WorldData {
  constructor(private readonly model: WorldModel) {}

  /** @throws ToldFailure where the field fails for this object */
  valueOf({ type, index, given }: Pick<Thing, 'type' | 'index' | 'given'>, field: ModelField, asked: Arguments = {}, isTold = false): unknown {
    const place = `${type}/${index}/${field.name}/${JSON.stringify(sorted(asked))}`;
    const { requires } = field;
    if (requires) {
      const made = requires.map((one) => (isTold ? taken(given?.[one.name], (value) => (one.inner === undefined ? value : (value as Given)[one.inner])) : this.#required(type, index, one)));
      return `${field.name} of ${JSON.stringify(made)}`;
    }
    if (field.name === 'id') return idOf(type, index);
    if (field.name === 'k1') return index >> 1;
    if (field.name === 'k2') return `k${index & 1}`;
    if (field.name === 'link' || field.name === 'code') return field.name === 'link' ? { __typename: `Link${type}`, type: `Link${type}`, index } : idOf(type.slice('Link'.length), index);
    if (field.fails && this.#drawn(`${place} fails`, 4) === 0) return this.#failure(field, place);
    return this.#value(typeOf(field), place, field);
  }

  /** The field of an object, whoever adds it. */
  fieldOf(type: string, name: string): ModelField {
    const added = [...this.model.interfaces.values()].flatMap(({ object, members }) => (object && members.includes(type) ? object.fields : []));
    return [...(this.model.objects.get(type)?.fields ?? []), ...added].find((field) => field.name === name) ?? { name, type: 'String', presence: new Map() };
  }

  /** The object that a reference names. @throws Error when its keys name several */
  named(type: string, reference: Readonly<Record<string, unknown>>): Thing {
    const { id, k1, k2, link } = reference as { id?: string; k1?: number; k2?: string; link?: { code: string } };
    const found = new Set<string>();
    if (id !== undefined) found.add(id);
    if (link !== undefined) found.add(link.code);
    const real = type.startsWith('I') ? id?.split(':')[0] : type;
    if (k1 !== undefined && k2 !== undefined) found.add(idOf(real!, k1 * 2 + Number(k2.slice(1))));
    const [only, ...others] = found;
    if (only === undefined || others.length > 0 || !only.startsWith(`${real}:`)) throw new Error(`${JSON.stringify(reference)} names no ${type}`);
    return { __typename: type, type: real!, index: Number(only.split(':')[1]), given: reference };
  }

  #failure(field: ModelField, place: string): unknown {
    const kinds = this.#drawn(`${place} how`, 3);
    if (kinds === 1 && field.type.endsWith('!')) return null;
    if (kinds === 2 && field.type.startsWith('[')) return [...(this.#value({ kind: Kind.LIST_TYPE, type: elementOf(typeOf(field)) }, `${place} begins`, field) as unknown[] ?? []), new ToldFailure('ELEMENT')];
    throw new ToldFailure('FIELD');
  }

  /** A failed field that others are made of is null for them, as is an element that failed. */
  #required(type: string, index: number, { name, inner }: Requirement): unknown {
    try {
      return taken(this.valueOf({ type, index }, this.fieldOf(type, name)), (value) => (inner === undefined ? value : this.#required((value as Thing).type, (value as Thing).index, { name: inner })));
    } catch {
      return null;
    }
  }

  #value(type: TypeNode, place: string, field: ModelField): unknown {
    if (type.kind === Kind.NON_NULL_TYPE) return this.#present(type.type, place, field);
    return this.#drawn(`${place} null`, 6) === 0 ? null : this.#present(type, place, field);
  }

  #present(type: Exclude<TypeNode, { kind: Kind.NON_NULL_TYPE }>, place: string, field: ModelField): unknown {
    if (type.kind === Kind.LIST_TYPE) return Array.from({ length: this.#drawn(`${place} length`, 4) }, (_, at) => this.#value(type.type, `${place}/${at}`, field));
    const name = type.name.value;
    const draw = (among: readonly unknown[]): unknown => among[this.#drawn(place, among.length)];
    switch (name) {
      case 'String':
        return draw(TEXTS);
      case 'ID':
        return draw(['1', 'x y', '文']);
      case 'Int':
        return draw(INTEGERS);
      case 'Float':
        return draw(FLOATS);
      case 'Boolean':
        return draw([true, false]);
      case 'Hue':
        return draw(HUES);
      case 'Blob':
        return draw(BLOBS);
      default: {
        const members = this.model.interfaces.get(name)?.members ?? this.model.unions.get(name)?.members.get(ownerOf(field)) ?? [name];
        const real = draw(members) as string;
        return { __typename: real, type: real, index: this.#drawn(`${place} which`, OBJECTS) } satisfies Thing;
      }
    }
  }

  #drawn(what: string, below: number): number {
    let hash = this.model.seed | 0;
    for (let at = 0; at < what.length; at += 1) hash = Math.imul(hash ^ what.charCodeAt(at), 0x01_00_01_93);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c_1b_3c_6d);
    hash = Math.imul(hash ^ (hash >>> 12), 0x29_7a_2d_39);
    return ((hash ^ (hash >>> 15)) >>> 0) % below;
  }
}

const idOf = (type: string, index: number): string => `${type}:${index}`;
const elementOf = (type: TypeNode): TypeNode => (type.kind === Kind.NON_NULL_TYPE ? elementOf(type.type) : type.kind === Kind.LIST_TYPE ? type.type : type);
const sorted = (asked: Arguments): unknown[] => Object.entries(asked).toSorted(([a], [b]) => (a < b ? -1 : 1));

/** Of lists every element; what failed is null; what is missing, as it should not be, is told. */
function taken(value: unknown, of: (value: unknown) => unknown): unknown {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.map((item) => taken(item, of));
  return value === null || value instanceof Error ? null : of(value);
}
