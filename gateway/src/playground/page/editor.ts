import type { Example } from '../example.types.js';
import type { Answers } from './answers.js';

const QUERY = 'operation.graphql';
const VARIABLES = 'variables.json';

/** The editor's tabs, filled from outside: ruru has no other door than the models of its editor, Monaco, and its buttons. */
export class Editor {
  /** Texts that were put in, to be told from those of the visitor's own. */
  readonly #examples = new Set<string>();

  constructor(
    readonly answers: Answers,
    welcome: string,
  ) {
    this.#examples.add(welcome);
  }

  /** Puts an example into the tab that is open, or into a new one when that holds something of the visitor's own. */
  open(example: Example, { inNewTab = false } = {}): void {
    const shown = modelOf(QUERY).getValue();
    if (inNewTab || !(shown.trim() === '' || this.#examples.has(shown))) clickOn('.graphiql-tab-add');
    this.#examples.add(example.query);
    const variables = this.answers.variablesOf(example);
    modelOf(VARIABLES).setValue(Object.keys(variables).length === 0 ? '' : JSON.stringify(variables, undefined, 2));
    modelOf(QUERY).setValue(example.query);
    document.querySelector<HTMLElement>('.graphiql-query-editor textarea, .graphiql-query-editor .native-edit-context')?.focus();
  }
}

/** Resolves when the editor can be filled. */
export async function editorIsThere(): Promise<void> {
  while (!globalThis.monaco?.editor.getModels().some(({ uri }) => uri.path.endsWith(VARIABLES))) await new Promise((resolve) => setTimeout(resolve, 50));
}

function modelOf(name: string): EditorModel {
  const model = monaco?.editor.getModels().find(({ uri }) => uri.path.endsWith(name));
  if (!model) throw new Error(`the editor has no ${name}`);
  return model;
}

function clickOn(selector: string): void {
  const button = document.querySelector<HTMLElement>(selector);
  if (!button) throw new Error(`the editor has no ${selector}`);
  button.click();
}
