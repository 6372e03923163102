import { batched, inOrderOf } from '@hutong/common';
import { ComputingIdentifier } from './computing-identifier.entity.js';

/** Identifiers by id, one query for all that a request asks for in a tick. */
export const loadIdentifier = batched<number, ComputingIdentifier>(async (ids, { em }) => {
  const rows = await em.find(ComputingIdentifier, { id: { $in: [...ids] } });
  return inOrderOf(ids, rows, ({ id }) => id);
});

/** Identifiers by their text. */
export const loadIdentifierByValue = batched<string, ComputingIdentifier>(async (values, { em }) => {
  const rows = await em.find(ComputingIdentifier, { value: { $in: [...values] } });
  return inOrderOf(values, rows, ({ value }) => value);
});
