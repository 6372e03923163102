import { badInput, decodeCursor } from '@hutong/common';

/** The path that a cursor of a list in the order of paths stands for. @throws BAD_INPUT when it is none */
export function decodePathCursor(cursor: string): string {
  const [path] = decodeCursor(cursor, 1);
  if (typeof path !== 'string') throw badInput({ field: 'after', problem: 'expected a cursor that this list gave out' });
  return path;
}
