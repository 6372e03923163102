import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LivePanel } from '../../gateway/src/playground/page/live.panel.js';

// What the panel of live events makes of what a subscription tells.

const { events } = vi.hoisted(() => ({ events: [] as unknown[] }));
vi.mock('graphql-ws-in-browser', () => ({
  createClient: () => ({
    async *iterate() {
      yield* events;
    },
    dispose: () => undefined,
  }),
}));

/** As much of an element as the panel asks of one. */
class ShownElement {
  textContent = '';
  children: (ShownElement | string)[] = [];
  get childElementCount() {
    return this.children.length;
  }
  get text(): string {
    return this.textContent + this.children.map((child) => (typeof child === 'string' ? child : child.text)).join(' ');
  }
  append(...children: (ShownElement | string)[]) {
    this.children.push(...children);
  }
  prepend(...children: ShownElement[]) {
    this.children.unshift(...children);
  }
  replaceWith() {}
}

let panel: LivePanel;
const shown = (): string => (panel.node as unknown as ShownElement).text;
beforeEach(async () => {
  vi.stubGlobal('sessionStorage', { getItem: () => 'en' });
  vi.stubGlobal('location', { origin: 'http://localhost' });
  vi.stubGlobal('document', { createElement: () => new ShownElement() });
  const { LivePanel } = await import('../../gateway/src/playground/page/live.panel.js');
  panel = new LivePanel();
});
afterEach(() => {
  vi.unstubAllGlobals();
});

test('an event that fails is shown with its errors, and the subscription goes on', async () => {
  events.splice(0, events.length, { data: null, errors: [{ message: 'too large' }] }, { data: { visited: null }, errors: [{ message: 'nobody there' }] }, { data: { visited: { id: '3' } } });
  expect(await panel.follow({ query: 'subscription Visits { visited { id } }', operationName: 'Visits' }, {})).toBeUndefined();
  for (const words of ['too large', 'nobody there', '{"visited":{"id":"3"}}', 'ended']) expect(shown()).toContain(words);
});
