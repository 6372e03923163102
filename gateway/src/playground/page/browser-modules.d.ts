// What the import map of the page calls by these names, and what it puts into the global scope.

declare module 'ruru-in-browser' {
  import type { GraphiqlFetcher } from './fetcher.js';

  export interface RuruProps {
    fetcher: GraphiqlFetcher;
    /** Where tabs, history and choices of the editor are kept. */
    storage: Storage;
    defaultQuery: string;
    defaultEditorToolsVisibility: 'variables';
    showPersistHeadersSettings: boolean;
    debugTools: [];
  }

  export const React: { createElement(component: unknown, props: RuruProps): unknown };
  export const Ruru: unknown;
  export function createRoot(element: Element): { render(node: unknown): void };
}

declare module 'graphql-ws-in-browser' {
  export { createClient } from 'graphql-ws/client';
}

/** Monaco's own global, which it makes for pages that ask for it. */
declare var monaco: { editor: { getModels(): EditorModel[] } } | undefined;

declare var MonacoEnvironment: { globalAPI: boolean; getWorker(id: string, label: string): Worker };

interface EditorModel {
  uri: { path: string };
  getValue(): string;
  setValue(text: string): void;
}
