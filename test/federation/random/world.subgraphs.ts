import type { FederationWorld, WorldSubgraph } from '../world.js';
import { HUES, type Thing, WorldData } from './world.data.js';
import { answers, baseOf, KEYS, type ModelField, type ModelObject, type Requirement, type WorldModel } from './world.model.js';

const ARGUMENTS = '(a: Int = 7, hue: Hue = RED, pick: Pick, many: [String!])';
const COMMON = `scalar Blob enum Hue { ${HUES.join(' ')} } input Pick { n: Int! = 3 name: String hue: Hue again: Pick }`;

/** A subgraph of a world while it is written: the types that it has to know. */
export class RandomSubgraph {
  readonly #sdl: string[] = [COMMON];
  readonly #resolvers: WorldSubgraph['resolvers'] = {};
  readonly #written = new Set<string>(['Hue', 'Blob', 'String', 'Int', 'Float', 'Boolean', 'ID']);

  constructor(
    private readonly model: WorldModel,
    private readonly data: WorldData,
    private readonly number: number,
    private readonly mutated: () => number,
  ) {}

  /** @returns undefined where the subgraph would have nothing */
  written(): WorldSubgraph | undefined {
    const { objects, interfaces, queries, mutations } = this.model;
    const { number } = this;
    this.#root('Query', queries);
    this.#root('Mutation', mutations);
    for (const { name, kind, keys } of objects.values()) if (kind === 'entity' && keys.has(number)) this.#type(name);
    for (const { name, object } of interfaces.values()) if (object?.subgraph === number) this.#interfaceObject(name, object.fields);
    return this.#sdl.length === 1 ? undefined : { sdl: this.#sdl.join('\n'), resolvers: this.#resolvers };
  }

  #root(name: string, fields: readonly ModelField[]): void {
    const own = fields.filter((field) => field.presence.has(this.number));
    if (own.length === 0) return;
    this.#sdl.push(`type ${name} { ${own.map((field) => this.#field(name, field)).join(' ')} }`);
  }

  #field(parent: string, field: ModelField): string {
    const { name, type, hasArguments, presence, requires, overrides, provides, isProvided } = field;
    const how = presence.get(this.number)!;
    const directives = [
      ...(how === 'external' ? ['@external'] : []),
      ...(how === 'shared' || (how === 'own' && (isProvided || [...presence.values()].includes('shared'))) ? ['@shareable'] : []),
      ...(how === 'own' && overrides !== undefined ? [`@override(from: "s${overrides}")`] : []),
      ...(how === 'own' && requires ? [`@requires(fields: "${requires.map(requirementText).join(' ')}")`] : []),
      ...(how === 'own' && provides !== undefined ? [`@provides(fields: "${provides}")`] : []),
    ];
    this.#type(baseOf(field));
    const resolve = (from: Thing | undefined, asked: Record<string, unknown>): unknown => {
      if (how === 'overridden') throw new Error(`${parent}.${name} of s${this.number} is overridden`);
      const thing = from ?? { type: parent, index: parent === 'Mutation' ? this.mutated() : 0 };
      return this.data.valueOf(thing, field, asked, true);
    };
    (this.#resolvers[parent] ??= {})[name] = resolve as never;
    return `${name}${hasArguments ? ARGUMENTS : ''}: ${type} ${directives.join(' ')}`;
  }

  #type(name: string): void {
    if (this.#written.has(name) || name.startsWith('Link')) return;
    this.#written.add(name);
    const { objects, interfaces, unions } = this.model;
    const object = objects.get(name);
    if (object) return this.#object(object);
    const union = unions.get(name)?.members.get(this.number);
    if (union) {
      this.#sdl.push(`union ${name} = ${union.join(' | ')}`);
      for (const member of union) this.#type(member);
      return;
    }
    const { members, fields, object: added } = interfaces.get(name)!;
    if (added?.subgraph === this.number) return;
    for (const member of members) this.#type(member);
    const shown = fields.map((field) => this.data.fieldOf(members[0]!, field)).filter(({ name: field }) => members.every((member) => objects.get(member)!.kind === 'value' || answers(this.data.fieldOf(member, field), this.number)));
    if (added) this.#resolvers[name] = { __resolveReference: (reference: Record<string, unknown>) => this.#really(this.data.named(name, reference)) };
    this.#sdl.push(`interface ${name} ${added ? '@key(fields: "id")' : ''} { id: ID! ${shown.map(({ name: field, type }) => `${field}: ${type}`).join(' ')} }`);
  }

  #really(thing: Thing): Thing {
    return { ...thing, __typename: thing.type };
  }

  #object({ name, kind, keys, fields }: ModelObject): void {
    const { number } = this;
    const implemented = [...this.model.interfaces.values()].filter((one) => one.members.includes(name) && this.#knows(one.name));
    const isMember = [...this.model.interfaces.values()].some(({ members }) => members.includes(name));
    const named = kind === 'value' ? [] : (keys.get(number) ?? [isMember ? KEYS[0] : (keys.get([...keys.keys()][0]!) ?? KEYS).at(-1)!]);
    const keyed = new Map(named.flatMap((key) => key.split(' ').filter((part) => /^\w+$/.test(part) && part !== 'code')).map((part) => [part, { id: 'ID!', k1: 'Int!', k2: 'String!', link: `Link${name}!` }[part]!]));
    const parts = [...keyed].map(([part, type]) => this.#field(name, { name: part, type, presence: new Map([[number, 'own']]) }));
    if (keyed.has('link')) this.#sdl.push(`type Link${name} @shareable { code: ID! }`);
    if (keyed.has('link')) this.#resolvers[`Link${name}`] = { code: (thing: Thing) => this.data.valueOf(thing, { name: 'code', type: 'ID!', presence: new Map() }) };
    const own = kind === 'value' ? fields : fields.filter(({ presence }) => presence.has(number));
    const shown = own.map((field) => this.#field(name, kind === 'value' ? { ...field, presence: new Map([[number, 'own']]) } : field));
    if (kind === 'entity') (this.#resolvers[name] ??= {}).__resolveReference = ((reference: Record<string, unknown>) => this.data.named(name, reference)) as never;
    const shareable = kind === 'value' ? '@shareable' : named.map((key) => `@key(fields: "${key}")`).join(' ');
    this.#sdl.push(`type ${name} ${implemented.length > 0 ? `implements ${implemented.map((one) => one.name).join(' & ')}` : ''} ${shareable} { ${[...parts, ...shown].join(' ')} }`);
  }

  /** Whether this subgraph has fields that lead to the interface. */
  #knows(name: string): boolean {
    return this.model.interfaces.get(name)!.members.every((member) => this.#reaches(member)) && this.#reaches(name);
  }

  #reaches(name: string): boolean {
    return this.reachable.has(name);
  }

  /** Types that this subgraph's fields lead to, and its own. */
  get reachable(): ReadonlySet<string> {
    this.#reachable ??= this.#found();
    return this.#reachable;
  }

  #reachable: ReadonlySet<string> | undefined;

  #found(): ReadonlySet<string> {
    const { objects, interfaces, unions, queries, mutations } = this.model;
    const found = new Set<string>();
    const visit = (name: string): void => {
      if (found.has(name)) return;
      found.add(name);
      const object = objects.get(name);
      for (const field of object?.fields ?? []) if (object!.kind === 'value' || field.presence.has(this.number)) visit(baseOf(field));
      const one = interfaces.get(name);
      if (one?.object?.subgraph === this.number) one.object.fields.forEach((field) => visit(baseOf(field)));
      else one?.members.forEach(visit);
      unions.get(name)?.members.get(this.number)?.forEach(visit);
    };
    for (const field of [...queries, ...mutations]) if (field.presence.has(this.number)) visit(baseOf(field));
    for (const { name, keys } of objects.values()) if (keys.has(this.number)) visit(name);
    for (const { name, object } of interfaces.values()) if (object?.subgraph === this.number) visit(name);
    return found;
  }

  #interfaceObject(name: string, fields: readonly ModelField[]): void {
    this.#written.add(name);
    const shown = [...fields, { name: 'id', type: 'ID!', presence: new Map([[this.number, 'own']]) } satisfies ModelField].map((field) => this.#field(name, field));
    (this.#resolvers[name] ??= {}).__resolveReference = ((reference: Record<string, unknown>) => this.data.named(name, reference)) as never;
    this.#sdl.push(`type ${name} @interfaceObject @key(fields: "id") { ${shown.join(' ')} }`);
  }
}

const requirementText = ({ name, inner }: Requirement): string => (inner === undefined ? name : `${name} { ${inner} }`);

/** A world whose mutations count how many there were. */
export interface RandomWorld extends FederationWorld {
  data: WorldData;
  forget(): void;
}

/** The world as subgraphs that are composed. */
export function worldOf(model: WorldModel): RandomWorld {
  const data = new WorldData(model);
  let mutations = 0;
  const subgraphs: Record<string, WorldSubgraph> = {};
  for (let number = 0; number < model.subgraphs; number += 1) {
    const written = new RandomSubgraph(model, data, number, () => (mutations += 1)).written();
    if (written) subgraphs[`s${number}`] = written;
  }
  return { name: `of seed ${model.seed}`, subgraphs, cases: [], data, forget: () => void (mutations = 0) };
}
