import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql';
import { GraphQLJSON } from 'graphql-scalars';

const ISO_8601 = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})$/;

function parseDateTime(text: unknown): Date {
  const date = typeof text === 'string' && isWritten(text) ? new Date(text) : new Date(NaN);
  if (Number.isNaN(date.getTime())) throw new GraphQLError('expected a time in ISO 8601 with a zone, for example 2026-01-31T08:00:00Z');
  return date;
}

/** JavaScript takes 2026-02-30 for 2 March. */
function isWritten(text: string): boolean {
  const [, year, month, day] = ISO_8601.exec(text)?.map(Number) ?? [];
  // Through a full date: Date.UTC takes the years 0 to 99 for 1900 to 1999.
  return day !== undefined && new Date(new Date(0).setUTCFullYear(year!, month! - 1, day)).getUTCDate() === day;
}

/** A moment, ISO 8601 in UTC with milliseconds on the way out, any zone on the way in. */
export const DateTimeScalar = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  description: 'A moment in ISO 8601. Answers are in UTC with milliseconds; input may have any zone.',
  serialize: (value) => (value instanceof Date ? value : new Date(value as string)).toISOString(),
  parseValue: parseDateTime,
  parseLiteral: (node: ValueNode) => parseDateTime(node.kind === Kind.STRING ? node.value : undefined),
});

/** Any JSON value. */
export const JSONScalar = new GraphQLScalarType({ ...GraphQLJSON.toConfig(), name: 'JSON', description: 'Any JSON value.', specifiedByURL: null });
