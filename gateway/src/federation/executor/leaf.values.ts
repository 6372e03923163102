import { isEnumType, specifiedScalarTypes, type GraphQLEnumType, type GraphQLScalarType } from 'graphql';

const INTEGER = /^-?\d+$/;

const isInteger = (value: unknown): boolean => typeof value === 'number' && (Number.isSafeInteger(value) || (Number.isFinite(value) && INTEGER.test(String(value))));

/** Which values may stand for a leaf; of a scalar of our own any. */
export function fittingLeaf(type: GraphQLScalarType | GraphQLEnumType): (value: unknown) => boolean {
  if (isEnumType(type)) return (value) => typeof value === 'string' && type.getValue(value) !== undefined;
  if (!specifiedScalarTypes.includes(type)) return () => true;
  switch (type.name) {
    case 'Boolean':
      return (value) => typeof value === 'boolean';
    case 'Int':
      return isInteger;
    case 'Float':
      return (value) => typeof value === 'number' && Number.isFinite(value);
    case 'ID':
      return (value) => typeof value === 'string' || isInteger(value);
    default:
      return (value) => typeof value === 'string';
  }
}
