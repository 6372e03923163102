/** What the characters of a header part may be: a city code must also exist in GB/T 2260. */
export type PartKind = 'city' | 'letters' | 'digits';

export interface HeaderPart {
  name: string;
  length: number;
  kind: PartKind;
}

export interface Capacity {
  letter: string;
  name: string;
  /** Digits allowed behind a decimal point; 0: an integer. */
  fractionDigits: number;
}

/**
 * The header of a computing identifier, left to right. No document spells the split of the last two parts out: a
 * corrected split is a change of `length` here and of nothing else.
 */
export const HEADER = [
  { name: 'city', length: 4, kind: 'city' },
  { name: 'industry', length: 2, kind: 'letters' },
  { name: 'organization', length: 5, kind: 'digits' },
  { name: 'resourceType', length: 3, kind: 'digits' },
  { name: 'region', length: 4, kind: 'city' },
  { name: 'availabilityZone', length: 6, kind: 'digits' },
  { name: 'serviceType', length: 3, kind: 'digits' },
] as const satisfies readonly HeaderPart[];

/** What may follow the header: in any order, each at most once, each optional. PFLOPS, TB, Gbps, kW. */
export const CAPACITIES = [
  { letter: 'F', name: 'computeTotal', fractionDigits: 3 },
  { letter: 'S', name: 'storageTotal', fractionDigits: 0 },
  { letter: 'N', name: 'networkTotal', fractionDigits: 0 },
  { letter: 'P', name: 'power', fractionDigits: 0 },
] as const satisfies readonly Capacity[];

export const HEADER_LENGTH = HEADER.reduce((sum, { length }) => sum + length, 0);

/** No capacity is larger: it must fit a GraphQL Int and the database's integer. */
export const LARGEST_CAPACITY = 2_147_483_647;

/** A header and four capacities never need more; zeros in front count. */
export const LONGEST_IDENTIFIER = 255;

export type HeaderName = (typeof HEADER)[number]['name'];
export type CapacityName = (typeof CAPACITIES)[number]['name'];
