/** Where a failure lies in the caller's input, and what else a program may want to know of it. */
export interface ErrorPlace {
  /** Path into the input, for example `input.reports[3].gpuMemory`. */
  field?: string;
  /** More members of `extensions`, for example `retryAfterSeconds`. Never a secret. */
  extensions?: Record<string, unknown>;
  /** What went wrong underneath; logged, never shown. */
  cause?: unknown;
}

/** One row of the error catalogue (`schema/errors.md`). */
export interface ErrorDefinition<Details> {
  /** `extensions.code`, unique in the whole graph, never changed once published. */
  code: string;
  /** The HTTP status that a REST contract of today would use for it. */
  status: number;
  /** When it happens, in words that hold for every occurrence. */
  summary: string;
  /** What the caller can do about it. */
  remedy: string;
  /** The sentence for one occurrence: names the field, the fault and, where it helps, the remedy. */
  message: (details: Details) => string;
}

/** An expected failure: shown to the caller as it is. Everything else is masked. */
export class HutongError extends Error {
  override readonly name = 'HutongError';
  readonly extensions: Record<string, unknown> & { code: string };

  constructor(
    readonly code: string,
    readonly status: number,
    message: string,
    place: ErrorPlace = {},
  ) {
    super(message, place.cause === undefined ? undefined : { cause: place.cause });
    this.extensions = { ...place.extensions, code, ...(place.field === undefined ? {} : { field: place.field }) };
  }
}

export type ErrorFactory<Details> = ((details: Details & ErrorPlace) => HutongError) & {
  readonly definition: ErrorDefinition<Details>;
};

const definitions = new Map<string, ErrorDefinition<never>>();

/**
 * Adds a failure to the catalogue and returns the function that makes one occurrence of it.
 *
 * @example
 * const imageAmbiguous = defineError<{ name: string }>({ code: 'IMAGE_AMBIGUOUS', status: 409, … });
 * throw imageAmbiguous({ name, field: 'input.image' });
 */
export function defineError<Details extends object = object>(
  definition: ErrorDefinition<Details>,
): ErrorFactory<Details> {
  if (definitions.has(definition.code)) throw new Error(`Error code ${definition.code} is defined twice`);
  definitions.set(definition.code, definition);
  const make = (details: Details & ErrorPlace) =>
    new HutongError(definition.code, definition.status, definition.message(details), details);
  return Object.assign(make, { definition });
}

/** Every failure defined by the modules loaded so far, by code. */
export function errorCatalogue(): ErrorDefinition<never>[] {
  return [...definitions.values()].toSorted((a, b) => a.code.localeCompare(b.code));
}
