/** What a tag begins with, and nothing else that is asked or answered. */
const MARK = '~';

/** Characters of a tag, its mark included. */
const LENGTH = 9;

/** The tag of the request of this number, which makes it differ from all others; all are of one length. */
export const tagOf = (request: number): string => MARK + request.toString(36).padStart(LENGTH - 1, '0');

/** The first tag in a text. */
export function tagIn(text: string): string | undefined {
  const at = text.indexOf(MARK);
  return at === -1 ? undefined : text.slice(at, at + LENGTH);
}

/** A text around its tags: the same for every tag. */
export function aroundTags(text: string): string[] {
  const parts: string[] = [];
  let from = 0;
  for (let at = text.indexOf(MARK); at !== -1; at = text.indexOf(MARK, from)) {
    parts.push(text.slice(from, at));
    from = at + LENGTH;
  }
  return [...parts, text.slice(from)];
}
