import { posix } from 'node:path';
import { Marked } from 'marked';
import { code, escaped } from './html.js';

/** Where the pages of the site stand that files of the repository became, by the file. */
export type PageOfFile = ReadonlyMap<string, string>;

const inline = new Marked();

/** One paragraph of Markdown, as descriptions are written, without links. */
export const paragraph = (text: string): string => inline.parseInline(text, { async: false });

/**
 * A document of the repository as HTML. Its links lead to the pages that their files became; to a file that is no page of the site,
 * there is only its name.
 *
 * @param file the document, from the root of the repository
 * @param page where its page stands, from the root of the site
 */
export function rendered(markdown: string, file: string, page: string, pageOfFile: PageOfFile): string {
  const marked = new Marked({
    renderer: {
      link({ href, tokens }) {
        const text = this.parser.parseInline(tokens);
        if (/^(?:[a-z]+:|#)/.test(href)) return `<a href="${escaped(href)}">${text}</a>`;
        const [path = '', anchor] = href.split('#');
        const target = pageOfFile.get(posix.join(posix.dirname(file), path));
        if (target === undefined) return text;
        return `<a href="${relative(page, target)}${anchor === undefined ? '' : `#${escaped(anchor)}`}">${text}</a>`;
      },
      heading({ depth, tokens, text }) {
        return `<h${depth} id="${anchorOf(text)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      code({ text, lang = '' }) {
        const [, about] = lang.split(' ');
        return `${about === undefined ? '' : `<p class="about">${code(about)}</p>`}<pre><code>${escaped(text)}</code></pre>\n`;
      },
    },
  });
  return marked.parse(markdown, { async: false });
}

/** How one page links to another. */
export function relative(from: string, to: string): string {
  return posix.relative(posix.dirname(from), to);
}

/** The anchor of a heading, as GitHub makes it. */
export const anchorOf = (heading: string): string => heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').trim().replaceAll(/\s+/g, '-');
