/** A header line: name and value, each character one byte. */
export type Header = readonly [name: string, value: string];

/** A request before it is framed: whatever stands in it is sent as it is. */
export interface RequestPlan {
  method: string;
  /** Each character one byte. */
  target: string;
  headers: readonly Header[];
  body?: Buffer | undefined;
}

/** Text as the bytes of its UTF-8, each as one character, as targets and headers hold them. */
export const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

/** The head of a request, with the empty line at its end. */
export function headOf({ method, target, headers }: RequestPlan, version = 'HTTP/1.1'): Buffer {
  return Buffer.from([`${method} ${target} ${version}`, ...headers.map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n'), 'latin1');
}

/** The value of a header; undefined when there is none. */
export const headerOf = ({ headers }: RequestPlan, wanted: string): string | undefined => headers.find(([name]) => name.toLowerCase() === wanted)?.[1];

/** The same request with other values of these headers; undefined takes one away. */
export function withHeaders(plan: RequestPlan, changes: Readonly<Record<string, string | undefined>>): RequestPlan {
  const kept = plan.headers.filter(([name]) => !Object.hasOwn(changes, name.toLowerCase()));
  const added = Object.entries(changes).flatMap(([name, value]): Header[] => (value === undefined ? [] : [[name, value]]));
  return { ...plan, headers: [...kept, ...added] };
}
