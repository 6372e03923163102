const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const DECIMAL = /^(?:0|[1-9]\d{0,9})$/;

/** The largest legacy id. */
export const LARGEST_ID = 2_147_483_647;

/** Whether a text can be the id of a user, session or token; anything else names nothing. */
export const isUuid = (id: string): boolean => UUID.test(id);

/** A machine's id as a number; null when the text cannot be one. */
export function machineIdOf(id: string): number | null {
  return DECIMAL.test(id) && Number(id) <= LARGEST_ID ? Number(id) : null;
}
