import { createRoot, React, Ruru } from 'ruru-in-browser';
import type { ExampleGroup } from '../example.types.js';
import { Answers } from './answers.js';
import { Editor, editorIsThere } from './editor.js';
import { element } from './element.js';
import { exampleList } from './example.list.js';
import { fetcherOf } from './fetcher.js';
import { changeLanguage, inLanguage, language } from './language.js';
import { LivePanel } from './live.panel.js';
import { logInBox } from './log-in.box.js';
import { Session } from './session.js';

const WORKERS: Partial<Record<string, string>> = { json: 'jsonWorker.js', graphql: 'graphqlWorker.js' };

// Read by Monaco when it is loaded.
globalThis.MonacoEnvironment = {
  globalAPI: true,
  getWorker: (_id, label) => new Worker(`/playground/${WORKERS[label] ?? 'editorWorker.js'}`, { type: 'module' }),
};

document.documentElement.lang = language;
const groups = JSON.parse(document.getElementById('examples')!.textContent) as ExampleGroup[];
const first = groups.flatMap(({ examples }) => examples).find(({ kind }) => kind === 'query');
const hint = inLanguage({ en: '# Log in above, choose an example on the left,\n# and run it with ▶ or Ctrl-Enter.', zh: '# 在上方登录，从左侧选择示例，\n# 按 ▶ 或 Ctrl-Enter 运行。' });
const welcome = `${hint}\n${first?.query ?? ''}`;

const session = new Session();
const answers = new Answers();
const live = new LivePanel();
const list = exampleList(groups, new Editor(answers, welcome));
// Nothing can be opened until the editor is there.
list.inert = true;

const editor = element('div', { id: 'editor' });
document.body.replaceChildren(
  element('header', { className: 'page' }, [
    element('h1', { textContent: 'Hutong 互通' }),
    element('a', { href: `/docs?lang=${language}`, textContent: inLanguage({ en: 'REST documents', zh: 'REST 文档' }) }),
    element('button', { type: 'button', textContent: language === 'en' ? '中文' : 'English', onclick: changeLanguage }),
    logInBox(session),
  ]),
  list,
  element('main', {}, [editor, live.node]),
);
createRoot(editor).render(
  React.createElement(Ruru, {
    fetcher: fetcherOf({ session, answers, live }),
    // Passwords stand among variables: nothing of the editor outlives the tab.
    storage: sessionStorage,
    defaultQuery: welcome,
    defaultEditorToolsVisibility: 'variables',
    showPersistHeadersSettings: false,
    debugTools: [],
  }),
);
await editorIsThere();
list.inert = false;
