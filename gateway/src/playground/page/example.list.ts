import type { Example, ExampleGroup } from '../example.types.js';
import type { Editor } from './editor.js';
import { element } from './element.js';
import { inLanguage, language } from './language.js';

const OPEN_GROUPS = 1;

/** The examples by task, with a field to search them; a click puts one into the editor. */
export function exampleList(groups: ExampleGroup[], editor: Editor): HTMLElement {
  const listed = groups.map((group, index) => groupOf(group, editor, index < OPEN_GROUPS));
  const none = element('p', { className: 'none', hidden: true, textContent: inLanguage({ en: 'No example is about that.', zh: '没有相关示例。' }) });
  const search = element('input', {
    type: 'search',
    placeholder: inLanguage({ en: 'Search examples', zh: '搜索示例' }),
    ariaLabel: inLanguage({ en: 'Search examples', zh: '搜索示例' }),
    oninput: () => {
      const found = listed.map((group) => group.show(search.value.trim().toLowerCase()));
      none.hidden = found.some(Boolean);
    },
  });
  const count = groups.reduce((sum, { examples }) => sum + examples.length, 0);
  return element('nav', { className: 'examples', ariaLabel: inLanguage({ en: 'Examples', zh: '示例' }) }, [
    element('header', {}, [element('h2', { textContent: inLanguage({ en: `${count} examples`, zh: `${count} 个示例` }) }), search]),
    none,
    ...listed.map(({ node }) => node),
  ]);
}

/** A group of the list; `show` leaves what has the words in it, and tells whether anything has. */
interface ListedGroup {
  node: HTMLElement;
  show(words: string): boolean;
}

function groupOf({ title, examples }: ExampleGroup, editor: Editor, open: boolean): ListedGroup {
  const items = examples.map((example) => ({ node: itemOf(example, editor), text: searchedText(example, title) }));
  const node = element('details', { open }, [element('summary', { textContent: inLanguage(title) }), element('ul', {}, items.map((item) => item.node))]);
  return {
    node,
    show: (words) => {
      for (const item of items) item.node.hidden = !words.split(/\s+/).every((word) => item.text.includes(word));
      const found = items.some((item) => !item.node.hidden);
      node.hidden = !found;
      node.open = words === '' ? open : found;
      return found;
    },
  };
}

function itemOf(example: Example, editor: Editor): HTMLLIElement {
  const hint = inLanguage({ en: 'Click to open, Ctrl-click for a new tab; Ctrl-Enter runs it', zh: '点击打开，Ctrl 加点击在新标签页打开；Ctrl-Enter 运行' });
  const button = element('button', { type: 'button', title: `${example.name}\n${hint}`, onclick: (event) => editor.open(example, { inNewTab: event.ctrlKey || event.metaKey }) }, [
    element('span', { className: `kind ${example.kind}`, title: KINDS[example.kind][language], textContent: KINDS[example.kind].sign }),
    inLanguage(example.title),
  ]);
  button.dataset.example = example.name;
  return element('li', {}, [button]);
}

const searchedText = ({ name, title, query }: Example, group: ExampleGroup['title']): string => [name, title.en, title.zh, group.en, group.zh, query].join(' ').toLowerCase();

const KINDS = {
  query: { sign: 'Q', en: 'query: asks', zh: 'query：查询' },
  mutation: { sign: 'M', en: 'mutation: changes something', zh: 'mutation：修改' },
  subscription: { sign: 'S', en: 'subscription: follows live', zh: 'subscription：实时跟踪' },
} as const;
