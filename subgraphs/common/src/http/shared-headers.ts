const NAME = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e]*$/;

export type HeaderFields = Readonly<Record<string, string>>;

/** Headers that several requests are sent with: what is written of them once is kept with them, which costs less than to find it by them. */
export class SharedHeaders {
  #lines: string | undefined;

  constructor(readonly fields: HeaderFields) {}

  /** As HTTP/1.1 writes them. @throws Error for a header that would end elsewhere than where it should */
  get lines(): string {
    return (this.#lines ??= headerLines(this.fields));
  }
}

/** As HTTP/1.1 writes them. @throws Error for a header that would end elsewhere than where it should */
export function headerLines(fields: HeaderFields): string {
  let text = '';
  for (const [name, value] of Object.entries(fields)) {
    if (!NAME.test(name) || !VALUE.test(value)) throw new Error(`the header ${JSON.stringify(name)} cannot be sent as it is`);
    text += `${name}: ${value}\r\n`;
  }
  return text;
}
