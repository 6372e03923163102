import fc from 'fast-check';
import { doTypesOverlap, getNamedType, isAbstractType, isCompositeType, isLeafType, isListType, isNonNullType, isObjectType, type GraphQLArgument, type GraphQLCompositeType, type GraphQLField, type GraphQLOutputType, type GraphQLSchema } from 'graphql';

const choice = fc.nat({ max: 255 });

interface SelectionChoice {
  pick: number;
  alias: number;
  form: number;
  condition: number;
  given: number;
  inner: SelectionChoice[];
}

const DEEPEST = 3;

const selections = (depth: number): fc.Arbitrary<SelectionChoice[]> =>
  fc.array(fc.record({ pick: choice, alias: choice, form: choice, condition: choice, given: choice, inner: depth === 0 ? fc.constant([]) : selections(depth - 1) }), { minLength: depth === DEEPEST ? 1 : 0, maxLength: 3, size: 'max' });

export interface QueryChoices {
  isMutation: boolean;
  isNamed: boolean;
  values: number;
  selections: SelectionChoice[];
}

/** What to ask, before it is known of what graph. */
export const queryChoices: fc.Arbitrary<QueryChoices> = fc.record({ isMutation: fc.nat({ max: 9 }).map((one) => one === 9), isNamed: fc.boolean(), values: choice, selections: selections(DEEPEST) });

export interface RandomQuery {
  text: string;
  variables: Record<string, unknown>;
  operationName: string | undefined;
}

const ALIASES = ['id', 'k1', 'link', '__typename', 'constructor', '__proto__', 'toString', 'f0', 'f1', 'f0__alias_0', 'client_alias_id', '_entities', 'a'];
const BOOLEANS = ['yes', 'no', 'representations', 'constructor'];

/** A field that stands under a key, as others of the same key have to agree with it. */
interface Entry {
  parent: GraphQLCompositeType;
  field: string;
  type: GraphQLOutputType;
}

interface Place {
  entries: Entry[];
  inner: Scope;
}

type Scope = Map<string, Place>;

/**
 * The query of these choices, on this graph.
 *
 * @param hasConditions whether it may have `@skip` and `@include`
 */
export function queryOf(schema: GraphQLSchema, chosen: QueryChoices, hasConditions: boolean): RandomQuery {
  return new QueryWriter(schema, chosen, hasConditions).written();
}

class QueryWriter {
  readonly #fragments: { name: string; on: GraphQLCompositeType; text: string }[] = [];
  readonly #variables = new Map<string, { type: string; value: unknown; isOmitted?: boolean }>();

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly chosen: QueryChoices,
    private readonly hasConditions: boolean,
  ) {}

  written(): RandomQuery {
    const { isMutation, isNamed, selections: asked } = this.chosen;
    const mutation = isMutation ? this.schema.getMutationType() : undefined;
    const selected = this.#selected(mutation ?? this.schema.getQueryType()!, asked, new Map());
    const declared = [...this.#variables].map(([name, { type }]) => `$${name}: ${type}`).join(', ');
    const fragments = this.#fragments.map(({ name, on, text }) => ` fragment ${name} on ${on.name} ${text}`).join('');
    const text = `${mutation ? 'mutation' : 'query'} ${isNamed ? 'Asked' : ''}${declared && `(${declared})`} ${selected}${fragments}`;
    return { text, variables: Object.fromEntries([...this.#variables].filter(([, { isOmitted }]) => !isOmitted).map(([name, { value }]) => [name, value])), operationName: isNamed ? 'Asked' : undefined };
  }

  #selected(type: GraphQLCompositeType, asked: readonly SelectionChoice[], scope: Scope): string {
    const written = asked.map((one) => this.#selection(type, one, scope));
    return `{ ${written.length > 0 ? written.join(' ') : this.#field(type, { pick: 0, alias: 0, form: 0, condition: 0, given: 0, inner: [] }, scope)} }`;
  }

  #selection(type: GraphQLCompositeType, asked: SelectionChoice, scope: Scope): string {
    const { form, pick, inner } = asked;
    if (form % 5 !== 4 || inner.length === 0) return this.#field(type, asked, scope);
    const known = this.#fragments.filter(({ on }) => doTypesOverlap(this.schema, on, type));
    const again = known[pick % Math.max(known.length, 1)];
    if (form % 4 === 3 && again) return `...${again.name}${this.#condition(asked)}`;
    const kinds = Object.values(this.schema.getTypeMap()).filter((one): one is GraphQLCompositeType => isCompositeType(one) && !one.name.startsWith('__') && doTypesOverlap(this.schema, one, type));
    const on = kinds[pick % kinds.length]!;
    const condition = this.#condition(asked);
    const text = this.#selected(on, inner, scope);
    if (form % 4 !== 2) return `... ${pick % 11 === 10 && on === type ? '' : `on ${on.name}`}${condition} ${text}`;
    const name = `F${this.#fragments.length}`;
    this.#fragments.push({ name, on, text });
    return `...${name}${condition}`;
  }

  #field(type: GraphQLCompositeType, asked: SelectionChoice, scope: Scope): string {
    const { pick, alias, inner } = asked;
    const fields = 'getFields' in type ? Object.values(type.getFields()) : [];
    const useful = inner.length > 0 ? fields.filter((one) => isCompositeType(getNamedType(one.type))) : fields.filter((one) => isLeafType(getNamedType(one.type)));
    const field = [...useful, ...useful, ...useful, undefined][pick % (useful.length * 3 + 1)];
    if (!field) return this.#typeName(type, asked, scope);
    const given = this.#arguments(field, asked);
    const key = this.#keyOf(field.name, alias, { parent: type, field: `${field.name}${given}`, type: field.type }, scope);
    const shown = key === field.name ? '' : `${key}: `;
    const condition = this.#condition(asked);
    return `${shown}${field.name}${given}${condition}${isCompositeType(getNamedType(field.type)) ? ` ${this.#selected(getNamedType(field.type) as GraphQLCompositeType, inner, scope.get(key)!.inner)}` : ''}`;
  }

  #typeName(type: GraphQLCompositeType, { alias, pick, ...asked }: SelectionChoice, scope: Scope): string {
    const ofSchema = type === this.schema.getQueryType() && pick % 3 === 2;
    const field = ofSchema ? '__schema' : '__typename';
    const key = this.#keyOf(field, alias, { parent: type, field, type: this.schema.getType('String') as GraphQLOutputType }, scope);
    return `${key === field ? '' : `${key}: `}${field}${this.#condition({ ...asked, alias, pick })}${ofSchema ? ' { queryType { name } }' : ''}`;
  }

  /** The key under which a field can stand beside what is there. */
  #keyOf(name: string, alias: number, entry: Entry, scope: Scope): string {
    let key = alias % 3 === 2 ? ALIASES[alias % ALIASES.length]! : name;
    for (let number = 0; !fits(scope.get(key)?.entries ?? [], entry); number += 1) key = `${name}_${number}`;
    const place: Place = scope.get(key) ?? { entries: [], inner: new Map() };
    place.entries.push(entry);
    scope.set(key, place);
    return key;
  }

  #condition({ condition }: SelectionChoice): string {
    const directive = (bits: number): string => {
      const of = ['true', 'false', ...BOOLEANS][bits % 6]!;
      if (bits % 6 < 2) return ` @${bits & 8 ? 'skip' : 'include'}(if: ${of})`;
      const at = BOOLEANS.indexOf(of);
      const value = ((this.chosen.values >> at) & 1) === 1;
      const isOmitted = ((this.chosen.values >> (4 + at)) & 1) === 1;
      this.#variables.set(of, isOmitted ? { type: `Boolean = ${value}`, value, isOmitted } : { type: 'Boolean!', value });
      return ` @${bits & 8 ? 'skip' : 'include'}(if: $${of})`;
    };
    if (!this.hasConditions || condition % 5 !== 4) return '';
    return condition % 35 === 34 ? ` @skip(if: $${this.#boolean()}) @include(if: $${this.#boolean()})` : directive(condition >> 2);
  }

  #boolean(): string {
    this.#variables.set('yes', { type: 'Boolean!', value: (this.chosen.values & 1) === 1 });
    return 'yes';
  }

  #arguments(field: GraphQLField<unknown, unknown>, { given }: SelectionChoice): string {
    const parts = field.args.flatMap((argument, at) => this.#argument(argument, (given >> (at * 2)) & 3));
    return parts.length > 0 ? `(${parts.join(', ')})` : '';
  }

  #argument({ name }: GraphQLArgument, how: number): string[] {
    if (how === 0) return [];
    const literal: Record<string, string> = { a: '12', hue: 'GREEN', pick: '{ name: "p", again: { n: $number } }', many: '["x", $text]' };
    const variable: Record<string, [string, string, unknown]> = { a: ['number', 'Int!', 5], hue: ['hue', 'Hue', 'constructor'], pick: ['pick', 'Pick', { n: 4, again: { hue: 'RED' } }], many: ['many', '[String!]', null] };
    if (how === 1) return [`${name}: null`];
    if (how === 2) {
      const text = literal[name]!;
      if (text.includes('$number')) this.#variables.set('number', { type: 'Int!', value: 5 });
      if (text.includes('$text')) this.#variables.set('text', { type: 'String!', value: '文 "q"' });
      return [`${name}: ${text}`];
    }
    const [called, type, value] = variable[name]!;
    this.#variables.set(called, { type, value });
    return [`${name}: $${called}`];
  }
}

/** Whether a field may stand under a key beside the others there. */
const fits = (entries: readonly Entry[], { parent, field, type }: Entry): boolean =>
  entries.every((other) => sameForm(other.type, type) && (other.field === field || (other.parent !== parent && isObjectType(other.parent) && isObjectType(parent))));

function sameForm(one: GraphQLOutputType, other: GraphQLOutputType): boolean {
  if (isNonNullType(one) || isNonNullType(other)) return isNonNullType(one) && isNonNullType(other) && sameForm(one.ofType, other.ofType);
  if (isListType(one) || isListType(other)) return isListType(one) && isListType(other) && sameForm(one.ofType, other.ofType);
  return isLeafType(one) || isLeafType(other) ? one === other : isAbstractType(one) || isCompositeType(other);
}
