import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Session } from '../../gateway/src/playground/page/session.js';

// The ticket of whoever is logged in, for other programs.

/** As much of an element as the box asks of one. */
class ShownElement {
  textContent = '';
  onclick: (() => void) | undefined;
  readonly children: ShownElement[] = [];
  append(...children: ShownElement[]) {
    this.children.push(...children);
  }
  replaceChildren(...children: ShownElement[]) {
    this.children.splice(0, this.children.length, ...children);
  }
}

let session: Session;
let copy: ShownElement;
beforeEach(async () => {
  vi.stubGlobal('sessionStorage', { getItem: (key: string) => (key === 'hutong.language' ? 'en' : null), setItem: () => undefined, removeItem: () => undefined });
  vi.stubGlobal('document', { createElement: () => new ShownElement() });
  const [{ Session }, { logInBox }] = await Promise.all([import('../../gateway/src/playground/page/session.js'), import('../../gateway/src/playground/page/log-in.box.js')]);
  session = new Session();
  session.begin({ ticket: 'the ticket', username: 'alice', expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
  const box = logInBox(session) as unknown as ShownElement;
  copy = box.children.find(({ textContent }) => textContent === 'Copy ticket')!;
});
afterEach(() => {
  session.end('left');
  vi.unstubAllGlobals();
});

test('is copied', async () => {
  const writeText = vi.fn<(text: string) => Promise<void>>(() => Promise.resolve());
  vi.stubGlobal('navigator', { language: 'en', clipboard: { writeText } });
  copy.onclick!();
  await expect.poll(() => copy.textContent).toBe('Copied');
  expect(writeText).toHaveBeenCalledWith('the ticket');
});

test.each([
  ['has no clipboard for the page', {}],
  ['refuses it', { clipboard: { writeText: () => Promise.reject(new Error('not allowed')) } }],
])('is shown to be copied by hand where the browser %s', async (_what, more) => {
  const prompt = vi.fn<(message: string, text: string) => void>();
  vi.stubGlobal('prompt', prompt);
  vi.stubGlobal('navigator', { language: 'en', ...more });
  copy.onclick!();
  await expect.poll(() => prompt.mock.calls).toEqual([[expect.any(String), 'the ticket']]);
  expect(copy.textContent).toBe('Copy ticket');
});
