import {
  getNamedType, isEnumType, isInputObjectType, isInterfaceType, isIntrospectionType, isObjectType, isScalarType, isSpecifiedScalarType, isUnionType,
  type GraphQLArgument, type GraphQLField, type GraphQLInputField, type GraphQLNamedType, type GraphQLSchema, type GraphQLType,
} from 'graphql';
import { code, escaped, table } from './html.js';
import { placeOf, type Bilingual, type Language, type Page } from './layout.js';
import { paragraph, relative } from './markdown.js';

const GROUP: Bilingual = { en: 'Graph', zh: '图' };

const WORDS = {
  field: { en: 'field', zh: '字段' },
  argument: { en: 'argument', zh: '参数' },
  type: { en: 'type', zh: '类型' },
  meaning: { en: 'meaning', zh: '含义' },
  value: { en: 'value', zh: '值' },
  oneOf: { en: 'One of', zh: '其中之一：' },
  deprecated: { en: 'Deprecated', zh: '已弃用' },
} as const;

/** A page of types; the first whose test a type passes has it. */
const KINDS: readonly { path: string; title: Bilingual; has(type: GraphQLNamedType): boolean }[] = [
  { path: 'schema/objects.html', title: { en: 'Objects', zh: '对象' }, has: isObjectType },
  { path: 'schema/interfaces.html', title: { en: 'Interfaces and unions', zh: '接口与联合' }, has: (type) => isInterfaceType(type) || isUnionType(type) },
  { path: 'schema/inputs.html', title: { en: 'Inputs', zh: '输入' }, has: isInputObjectType },
  { path: 'schema/enums.html', title: { en: 'Enums', zh: '枚举' }, has: isEnumType },
  { path: 'schema/scalars.html', title: { en: 'Scalars', zh: '标量' }, has: isScalarType },
];

/** The pages of a graph: one for each kind of operation, and one for each kind of type, with every type, field, argument and value. */
export function schemaPages(schema: GraphQLSchema): Page[] {
  const roots = [
    { path: 'schema/queries.html', title: { en: 'Queries', zh: '查询' }, type: schema.getQueryType() },
    { path: 'schema/mutations.html', title: { en: 'Mutations', zh: '变更' }, type: schema.getMutationType() },
    { path: 'schema/subscriptions.html', title: { en: 'Subscriptions', zh: '订阅' }, type: schema.getSubscriptionType() },
  ];
  const types = Object.values(schema.getTypeMap())
    .filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type) && !roots.some((root) => root.type === type))
    .toSorted((a, b) => a.name.localeCompare(b.name));
  const pageOf = new Map(types.map((type) => [type.name, KINDS.find(({ has }) => has(type))!.path]));

  return [
    ...roots.flatMap(({ path, title, type }): Page[] => (type ? [{ path, title, group: GROUP, body: (language, at) => heading(title, language) + Object.values(type.getFields()).map((field) => operation(field, language, at)).join('\n') }] : [])),
    ...KINDS.map(({ path, title }) => {
      const shown = types.filter(({ name }) => pageOf.get(name) === path);
      return { path, title, group: GROUP, isEmpty: shown.length === 0, body: (language: Language, at: string) => heading(title, language) + shown.map((type) => named(type, language, at)).join('\n') };
    }).filter(({ isEmpty }) => !isEmpty),
  ];

  function operation(field: GraphQLField<unknown, unknown>, language: Language, at: string): string {
    return section(field.name, `${described(field, language)}<p>→ ${typed(field.type, language, at)}</p>${members(field.args, WORDS.argument, language, at)}`);
  }

  function named(type: GraphQLNamedType, language: Language, at: string): string {
    return section(type.name, described(type, language) + content(type, language, at));
  }

  function content(type: GraphQLNamedType, language: Language, at: string): string {
    if (isUnionType(type)) return `<p>${WORDS.oneOf[language]} ${type.getTypes().map((of) => typed(of, language, at)).join(', ')}</p>`;
    if (isEnumType(type)) return table([WORDS.value[language], WORDS.meaning[language]], type.getValues().map((value) => [code(value.name), described(value, language)]));
    if (isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)) return members(Object.values(type.getFields()), WORDS.field, language, at);
    return '';
  }

  function members(fields: readonly (GraphQLField<unknown, unknown> | GraphQLInputField | GraphQLArgument)[], word: Bilingual, language: Language, at: string): string {
    const head = [word[language], WORDS.type[language], WORDS.meaning[language]];
    return table(head, fields.map((field) => {
      const given = 'args' in field && field.args.length > 0 ? members(field.args, WORDS.argument, language, at) : '';
      return [code(field.name), typed(field.type, language, at), described(field, language) + given];
    }));
  }

  function typed(type: GraphQLType, language: Language, at: string): string {
    const { name } = getNamedType(type);
    const path = pageOf.get(name);
    const text = escaped(String(type));
    return path === undefined ? `<code>${text}</code>` : `<code>${text.replace(name, `<a href="${relative(at, placeOf(path, language))}#${name}">${name}</a>`)}</code>`;
  }
}

interface Described {
  description?: string | null | undefined;
  deprecationReason?: string | null | undefined;
}

function described(what: Described, language: Language): string {
  const { description, deprecationReason } = what;
  return `${description ? `<p>${paragraph(description)}</p>` : ''}${deprecationReason ? `<p>${WORDS.deprecated[language]}: ${paragraph(deprecationReason)}</p>` : ''}`;
}

const heading = (title: Bilingual, language: Language): string => `<h1>${escaped(title[language])}</h1>\n`;
const section = (name: string, body: string): string => `<section id="${name}"><h2>${code(name)}</h2>${body}</section>`;
