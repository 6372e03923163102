import { contracts, openApi, type Operation } from '@hutong/rest-compat';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

interface Asked {
  method: string;
  path: string;
}

interface Answered {
  status: number;
  contentType: string | null | undefined;
  requestId: string | null | undefined;
  text: string;
}

interface Place {
  template: string;
  /** By method, in lower case. */
  operations: Record<string, Operation>;
}

const DOCUMENT = 'openapi.json';

/** The answers that the OpenAPI document of the contracts allows. */
class DocumentedAnswers {
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: true });
  readonly #places: { pattern: RegExp; place: Place }[];
  readonly #validators = new Map<string, ValidateFunction>();

  constructor() {
    const document = openApi(contracts);
    (addFormats as unknown as typeof addFormats.default)(this.#ajv);
    this.#ajv.addSchema(document, DOCUMENT);
    const templates = Object.entries(document.paths).toSorted(([a], [b]) => a.split('{').length - b.split('{').length);
    this.#places = templates.map(([template, operations]) => ({ pattern: patternOf(template), place: { template, operations } }));
  }

  /** What of an answer the document does not say; undefined when it fits, or the document knows no such operation. */
  fault({ method, path }: Asked, { status, contentType, requestId, text }: Answered): string | undefined {
    const place = this.#places.find(({ pattern }) => pattern.test(path.split('?', 1)[0]!))?.place;
    const responses = place?.operations[method.toLowerCase()]?.responses;
    if (!place || !responses || responses['default']) return undefined;
    const response = responses[status];
    if (!response) return `HTTP ${status} is not among ${Object.keys(responses).join(', ')}`;
    if (!requestId) return 'there is no X-Request-Id';
    if (!response.content) return text === '' ? undefined : 'the document says that there is no body';
    const type = (contentType ?? '').split(';', 1)[0]!;
    // A file has the type of its own.
    if ('application/octet-stream' in response.content && type !== 'application/json') return undefined;
    if (!(type in response.content)) return `the type is ${type}, not ${Object.keys(response.content).join(' or ')}`;
    const validate = this.#validator(['paths', place.template, method.toLowerCase(), 'responses', String(status), 'content', type, 'schema']);
    return validate(JSON.parse(text)) ? undefined : this.#ajv.errorsText(validate.errors, { dataVar: 'answer' });
  }

  #validator(steps: string[]): ValidateFunction {
    const pointer = steps.map((step) => `/${encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('');
    const validator = this.#validators.get(pointer) ?? this.#ajv.compile({ $ref: `${DOCUMENT}#${pointer}` });
    this.#validators.set(pointer, validator);
    return validator;
  }
}

let documented: DocumentedAnswers | undefined;

/** @throws Error when the OpenAPI document of the contracts does not allow an answer of theirs. */
export function expectDocumented(asked: Asked, answered: Answered): void {
  const fault = (documented ??= new DocumentedAnswers()).fault(asked, answered);
  if (fault !== undefined) throw new Error(`${asked.method} ${asked.path} answered what its OpenAPI document does not say: ${fault}\n${answered.status} ${answered.text.slice(0, 2_000)}`);
}

function patternOf(template: string): RegExp {
  return new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}/?$`);
}
