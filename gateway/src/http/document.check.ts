import { GraphQLError, NoFragmentCyclesRule, NoSchemaIntrospectionCustomRule, specifiedRules, validate, type DocumentNode, type GraphQLSchema, type ValidationRule } from 'graphql';
import { graphqlValidationFailed } from '../errors.js';
import type { Limits } from '../limits/limits.js';
import { checkSize } from '../limits/operation.check.js';
import { validation } from '../telemetry/activities.js';

export interface DocumentCheckOptions {
  limits: Limits;
  /** Whether clients may ask for the schema. */
  introspection: boolean;
  /** Leaves out of errors what would tell of fields that the caller did not name. */
  hideSchemaDetails: boolean;
}

/** Each one costs a search for names that are alike. */
const REPORTED_FAULTS = 20;

const INTROSPECTION_OFF = /^GraphQL introspection has been disabled/;

/**
 * Whether a document may be run against a graph, found out once for each: it is measured before it is validated, as what a
 * rule of validation costs can grow with the square of its length.
 */
export class DocumentCheck {
  readonly #options: DocumentCheckOptions;
  readonly #rules: readonly ValidationRule[];
  readonly #known = new WeakMap<GraphQLSchema, WeakMap<DocumentNode, readonly GraphQLError[]>>();

  constructor(options: DocumentCheckOptions) {
    this.#options = options;
    this.#rules = options.introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule];
  }

  /** What is invalid about a document; none when it is valid. @throws LIMIT_EXCEEDED when one of its operations is larger than a limit allows */
  faults(schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[] {
    let ofSchema = this.#known.get(schema);
    if (!ofSchema) this.#known.set(schema, (ofSchema = new WeakMap()));
    let faults = ofSchema.get(document);
    if (!faults) ofSchema.set(document, (faults = validation.runSync({}, () => this.#find(schema, document))));
    return faults;
  }

  #find(schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[] {
    // What spreads itself has no size.
    const circular = this.#validate(schema, document, [NoFragmentCyclesRule]);
    if (circular.length > 0) return circular;
    checkSize(document, this.#options.limits);
    return this.#validate(schema, document, this.#rules);
  }

  #validate(schema: GraphQLSchema, document: DocumentNode, rules: readonly ValidationRule[]): GraphQLError[] {
    const faults = validate(schema, document, rules, { maxErrors: REPORTED_FAULTS, hideSuggestions: this.#options.hideSchemaDetails });
    return faults.map(({ message, nodes }) => {
      const failure = graphqlValidationFailed({ problem: INTROSPECTION_OFF.test(message) ? 'introspection is switched off here, so __schema and __type cannot be asked for' : message });
      return new GraphQLError(failure.message, { ...(nodes ? { nodes } : {}), extensions: failure.extensions, originalError: failure });
    });
  }
}
