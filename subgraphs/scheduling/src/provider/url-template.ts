import { urlFault } from '../webhook/http-url.js';

/** What a URL template may name. */
const PLACEHOLDERS = ['ip', 'port', 'task_id', 'computing_resource_id', 'computing_id'] as const;

export type Placeholder = (typeof PLACEHOLDERS)[number];

const NAMED = /\{([^{}]*)\}/g;
const AUTHORITY = /^https?:\/\/[^/?#]*/i;

const SAMPLE: Record<Placeholder, string> = { ip: '192.0.2.1', port: '8080', task_id: '1', computing_resource_id: '1', computing_id: '1101tc200044013301502601009' };

/** The placeholders a template names. */
const placeholdersOf = (template: string): string[] => [...template.matchAll(NAMED)].map(([, name]) => name ?? '');

/**
 * Checks a URL template.
 *
 * @returns what was expected, or undefined when the template is good
 */
export function templateFault(template: string): string | undefined {
  const unknown = placeholdersOf(template).find((name) => !PLACEHOLDERS.includes(name as Placeholder));
  if (unknown !== undefined) return `one of the placeholders ${PLACEHOLDERS.map((name) => `{${name}}`).join(' ')}, got {${unknown}}`;
  const fault = urlFault(fillTemplate(template, (name) => SAMPLE[name]));
  return fault ?? (/[{}]/.test(template.replace(NAMED, '')) ? 'every { closed by a }' : undefined);
}

/** Fills a template: values percent-encoded, an IPv6 address in brackets where the host stands. */
export function fillTemplate(template: string, valueOf: (name: Placeholder) => string): string {
  const authorityEnd = AUTHORITY.exec(template)?.[0].length ?? 0;
  return template.replace(NAMED, (_, name: string, offset: number) => {
    const value = valueOf(name as Placeholder);
    return offset < authorityEnd && value.includes(':') ? `[${value}]` : encodeURIComponent(value);
  });
}
