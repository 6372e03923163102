const LARGEST = 2_147_483_647;

/** The integer an id stands for (1 to 2^31-1, written as decimal digits), or undefined when it stands for none. */
export function integerId(id: string): number | undefined {
  if (!/^[1-9]\d{0,9}$/.test(id)) return undefined;
  const value = Number(id);
  return value <= LARGEST ? value : undefined;
}
