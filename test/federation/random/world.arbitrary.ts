import fc from 'fast-check';
import { baseOf, KEYS, LEAVES, ownerOf, type ModelField, type ModelInterface, type ModelObject, type ModelUnion, type Presence, type Requirement, type WorldModel } from './world.model.js';

/** Choices are numbers, taken by what is left when they are divided: whatever they are, a world comes of them, and smaller ones make a plainer one. */
const choice = fc.nat({ max: 63 });

const field = fc.record({ base: choice, wrap: choice, owner: choice, mode: choice, shared: choice, hasArguments: choice, fails: choice, requires: fc.array(choice, { maxLength: 2 }), provides: choice, name: choice });
type FieldChoice = typeof field extends fc.Arbitrary<infer Choice> ? Choice : never;

const choices = fc.record({
  seed: fc.nat(),
  subgraphs: fc.integer({ min: 2, max: 4 }),
  entities: fc.array(fc.record({ homes: choice, first: choice, keys: choice, keysOfOthers: choice, fields: fc.array(field, { maxLength: 6 }) }), { minLength: 1, maxLength: 4 }),
  values: fc.array(fc.record({ fields: fc.array(field, { maxLength: 4 }) }), { maxLength: 2 }),
  interfaces: fc.array(fc.record({ members: choice, fields: fc.array(field, { maxLength: 2 }), isObject: choice, added: fc.array(field, { minLength: 1, maxLength: 3 }) }), { maxLength: 2 }),
  unions: fc.array(fc.record({ members: fc.array(choice, { minLength: 4, maxLength: 4 }) }), { maxLength: 2 }),
  queries: fc.array(field, { minLength: 1, maxLength: 6 }),
  mutations: fc.array(field, { maxLength: 3 }),
});
type Choices = typeof choices extends fc.Arbitrary<infer Choice> ? Choice : never;

/** Supergraphs of two to four subgraphs. Most of them compose. */
export const worldModel: fc.Arbitrary<WorldModel> = choices.map((chosen) => new ModelBuilder(chosen).built());

const WRAPS = [(base: string) => base, (base: string) => `${base}!`, (base: string) => `[${base}]`, (base: string) => `[${base}!]`, (base: string) => `[${base}!]!`, (base: string) => `[${base}]!`, (base: string) => `[[${base}!]]`, (base: string) => base];
/** Names that objects of JavaScript inherit, that answers have, and those that planners and clients like to take. */
const NAMES = ['constructor', 'toString', 'hasOwnProperty', 'valueOf', 'name', 'data', 'errors', 'representations', 'length', 'then', 'client_alias_id'];

const of = <Item>(items: readonly Item[], choice: number): Item => items[choice % items.length]!;
const chosenOf = <Item>(items: readonly Item[], bits: number): Item[] => items.filter((_, at) => (bits >> at) & 1);

class ModelBuilder {
  readonly #objects = new Map<string, ModelObject>();
  readonly #interfaces = new Map<string, ModelInterface>();
  readonly #unions = new Map<string, ModelUnion>();
  /** Subgraphs, that of an `@interfaceObject` not counted. */
  readonly #own: readonly number[];
  readonly #hasObject: boolean;

  constructor(private readonly chosen: Choices) {
    this.#hasObject = chosen.subgraphs > 2 && chosen.interfaces.some(({ isObject }) => isObject % 2 === 1);
    this.#own = Array.from({ length: chosen.subgraphs - (this.#hasObject ? 1 : 0) }, (_, number) => number);
  }

  built(): WorldModel {
    const { entities, values, interfaces, unions, queries, mutations, seed, subgraphs } = this.chosen;
    this.#declare();
    for (const [at, { fields }] of values.entries()) fields.forEach((one) => this.#add(`V${at}`, one, `f${this.#objects.get(`V${at}`)!.fields.length}`));
    for (const [at, { fields }] of interfaces.entries()) this.#declareFields(`I${at}`, fields);
    for (const [at, { fields }] of entities.entries()) this.#named(fields).forEach(([one, name]) => this.#add(`E${at}`, one, name));
    for (const [at, { members }] of unions.entries()) this.#unions.set(`U${at}`, { name: `U${at}`, members: new Map(this.#own.map((number) => [number, this.#membersOf(members[number % 4]!)])) });
    const rootFields = (all: readonly FieldChoice[], name: string) => all.map((one, number) => this.#root(one, `${name}${number}`));
    const roots = rootFields(queries, 'q');
    for (const [name, { object }] of this.#interfaces) {
      if (!object) continue;
      // Somebody has to know the interface itself.
      roots.push({ name: `all${name}`, type: `[${name}]`, presence: new Map([[this.#own[0]!, 'own']]) }, { name: `some${name}`, type: name, presence: new Map([[object.subgraph, 'own']]) });
    }
    const model: WorldModel = { seed, subgraphs, objects: this.#objects, interfaces: this.#interfaces, unions: this.#unions, queries: roots, mutations: rootFields(mutations, 'm') };
    for (const [at, { fields }] of entities.entries()) this.#require(`E${at}`, fields);
    this.#provide([...model.queries, ...[...this.#objects.values()].flatMap(({ kind, fields }) => (kind === 'entity' ? fields : []))]);
    return model;
  }

  /** Names and keys, so that fields can lead to anything. */
  #declare(): void {
    const { entities, values, interfaces } = this.chosen;
    const candidates = [...entities.map((_, at) => `E${at}`), ...values.map((_, at) => `V${at}`)];
    for (const [at, { members, isObject, added }] of interfaces.entries()) {
      const asObject = this.#hasObject && isObject % 2 === 1 && at === interfaces.findIndex((one) => one.isObject % 2 === 1);
      const names = chosenOf(asObject ? candidates.filter((name) => name.startsWith('E')) : candidates, members);
      const taking = names.length > 0 ? names : [candidates[0]!];
      const subgraph = this.chosen.subgraphs - 1;
      const fields = added.map((one, number): ModelField => {
        const type = of(WRAPS, one.wrap)(of([...LEAVES, `I${at}`, `I${at}`], one.base));
        const fails = one.fails % 4 === 3;
        // What is asked of one member, Apollo's planner asks of all: those whose field may not be null would lose the others with it.
        return { name: `x${at}${number}`, type: fails ? type.replace(/!$/, '') : type, presence: new Map([[subgraph, 'own']]), hasArguments: one.hasArguments % 8 === 7, fails };
      });
      this.#interfaces.set(`I${at}`, { name: `I${at}`, members: taking, fields: [], ...(asObject ? { object: { subgraph, fields } } : {}) });
    }
    const isMember = (name: string): boolean => [...this.#interfaces.values()].some(({ members }) => members.includes(name));
    for (const [at, { homes, first, keys, keysOfOthers }] of entities.entries()) {
      const name = `E${at}`;
      const all = chosenOf(KEYS, keys % 8);
      const named = [...new Set([...(isMember(name) || all.length === 0 ? [KEYS[0]] : []), ...all])];
      const primary = of(this.#own, first);
      const others = this.#own.filter((number) => number !== primary && ((homes >> number) & 1) === 1);
      const keysOf = (number: number): string[] => [...new Set([...(isMember(name) ? [KEYS[0]] : []), of(named, keysOfOthers + number)])];
      this.#objects.set(name, { name, kind: 'entity', keys: new Map([[primary, named], ...others.map((number): [number, string[]] => [number, keysOf(number)])]), fields: [] });
    }
    for (const at of values.keys()) {
      const id: ModelField = { name: 'id', type: 'ID!', presence: new Map() };
      this.#objects.set(`V${at}`, { name: `V${at}`, kind: 'value', keys: new Map(), fields: isMember(`V${at}`) ? [id] : [{ name: 'v', type: 'String', presence: new Map() }] });
    }
  }

  /** Fields with names that no two of them have. */
  #named(fields: readonly FieldChoice[]): [FieldChoice, string][] {
    const taken = new Set<string>();
    return fields.map((one, number) => {
      const name = one.name % 8 === 7 ? of(NAMES, one.name >> 3) : `f${number}`;
      const free = taken.has(name) ? `f${number}` : name;
      taken.add(free);
      return [one, free];
    });
  }

  #declareFields(name: string, fields: readonly FieldChoice[]): void {
    const one = this.#interfaces.get(name)!;
    const names = fields.map((chosen, number) => {
      const field = `${name.toLowerCase()}${number}`;
      for (const member of one.members) this.#add(member, { ...chosen, mode: chosen.mode % 5 }, field);
      return field;
    });
    this.#interfaces.set(name, { ...one, fields: names });
  }

  #add(to: string, chosen: FieldChoice, name: string): void {
    const object = this.#objects.get(to)!;
    const { base, wrap, owner, mode, shared, hasArguments, fails } = chosen;
    const homes = [...object.keys.keys()];
    const type = of(WRAPS, wrap)(this.#base(base, false));
    // An object that a subgraph knows by its interface alone may be gone by what fails in it: then nobody can tell what it was.
    const mayBeRequired = object.kind === 'value' || !this.#hasObject;
    const common = { name, type: mayBeRequired ? type : type.replace(/!$/, ''), hasArguments: hasArguments % 8 === 7, fails: fails % 4 === 3 };
    if (object.kind === 'value') return void object.fields.push({ ...common, presence: new Map() });
    const by = of(homes, owner);
    const others = homes.filter((number) => number !== by);
    const presence = new Map<number, Presence>([[by, 'own']]);
    if (mode % 8 === 4) for (const number of others) if ((shared >> number) & 1) presence.set(number, 'shared');
    if (mode % 8 !== 5 || others.length === 0) return void object.fields.push({ ...common, presence });
    const overrides = of(others, shared);
    presence.set(overrides, 'overridden');
    object.fields.push({ ...common, presence, overrides });
  }

  #root({ base, wrap, owner, hasArguments, fails }: FieldChoice, name: string): ModelField {
    return { name, type: of(WRAPS, wrap)(this.#base(base, true)), presence: new Map([[of(this.#own, owner), 'own']]), hasArguments: hasArguments % 8 === 7, fails: fails % 8 === 7 };
  }

  /** What a field leads to; a root field seldom to a leaf. */
  #base(choice: number, isRoot: boolean): string {
    const { entities, values, interfaces, unions } = this.chosen;
    const composite = [...entities.map((_, at) => `E${at}`), ...values.map((_, at) => `V${at}`), ...interfaces.map((_, at) => `I${at}`), ...(isRoot ? unions.map((_, at) => `U${at}`) : [])];
    return isRoot ? of([...composite, ...composite, 'String'], choice) : of([...LEAVES, ...composite, ...composite], choice);
  }

  #membersOf(bits: number): string[] {
    const all = [...this.#objects.keys()];
    const some = chosenOf(all, bits);
    return some.length > 0 ? some : all.slice(0, 1);
  }

  /** Makes some fields of what other subgraphs answer, and of what is made so itself. */
  #require(name: string, choices: readonly FieldChoice[]): void {
    const object = this.#objects.get(name)!;
    const own = object.fields.length - choices.length;
    for (const [at, { mode, requires, wrap, owner }] of choices.entries()) {
      const field = object.fields[own + at]!;
      if (mode % 8 < 6 || field.hasArguments) continue;
      const by = ownerOf(field);
      const decided = object.fields.slice(0, own + at);
      const possible = decided.flatMap((other) => this.#requirable(other, { by, type: name, decided, choice: owner + at }));
      if (possible.length === 0) continue;
      const taken = [...new Map([owner, ...requires].map((one) => of(possible, one)).map((one) => [one.requirement.name, one])).values()];
      for (const { fields } of taken) for (const one of fields) if (!one.presence.has(by)) one.presence.set(by, 'external');
      object.fields[own + at] = { name: field.name, type: wrap % 2 === 1 ? 'String!' : 'String', presence: field.presence, requires: taken.map(({ requirement }) => requirement) };
    }
  }

  /**
   * What subgraph `by` may require of a field, with the fields that it has to know for that; of entities what is decided, so that nothing is
   * made of itself. Nothing that has arguments: where a client asks for the same with others, Apollo's planner asks for one of both.
   */
  #requirable(other: ModelField, { by, type, decided, choice }: { by: number; type: string; decided: readonly ModelField[]; choice: number }): { requirement: Requirement; fields: ModelField[] }[] {
    const { name } = other;
    const isSure = (one: ModelField): boolean => !one.hasArguments && (!one.fails || !one.type.includes('!'));
    if (other.presence.has(by) || !isSure(other)) return [];
    if (LEAVES.includes(baseOf(other))) return [{ requirement: { name }, fields: [other] }];
    const object = this.#objects.get(baseOf(other));
    if (!object || (object.kind === 'entity' && object.name > type)) return [];
    const leaves = (object.name === type ? decided : object.fields).filter((one) => LEAVES.includes(baseOf(one)) && isSure(one));
    if (leaves.length === 0) return [];
    const inner = of(leaves, choice);
    return [{ requirement: { name, inner: inner.name }, fields: object.kind === 'entity' ? [other, inner] : [other] }];
  }

  /** Has some fields answer on their way what another subgraph answers of the entity they lead to. */
  #provide(fields: readonly ModelField[]): void {
    const choices = [...this.chosen.queries, ...this.chosen.entities.flatMap((entity) => entity.fields)];
    for (const [at, field] of fields.entries()) {
      const chosen = choices[at % choices.length]!.provides;
      const entity = this.#objects.get(baseOf(field));
      const [by, ...others] = [...field.presence].filter(([, how]) => how === 'own' || how === 'shared').map(([number]) => number);
      if (chosen % 3 !== 2 || entity?.kind !== 'entity' || by === undefined || others.length > 0 || field.requires) continue;
      const possible = entity.fields.filter((one) => LEAVES.includes(baseOf(one)) && !one.presence.has(by) && !one.requires && !one.hasArguments && one.overrides === undefined);
      if (possible.length === 0) continue;
      const provided = of(possible, chosen >> 2);
      provided.presence.set(by, 'external');
      provided.isProvided = true;
      field.provides = provided.name;
    }
  }
}
