import { expect, test } from 'vitest';
import { SecretBox } from './secret.box.js';

test('what was closed opens again, and never looks the same twice', () => {
  const box = new SecretBox('platform');
  const [one, two] = [box.close('互通 secret'), box.close('互通 secret')];
  expect(one).not.toBe(two);
  expect([box.open(one), box.open(two)]).toEqual(['互通 secret', '互通 secret']);
});

test('another platform secret, or a changed byte, opens nothing', () => {
  const closed = new SecretBox('platform').close('a secret');
  expect(new SecretBox('other').open(closed)).toBeUndefined();
  const changed = closed.slice(0, -1) + (closed.endsWith('A') ? 'Q' : 'A');
  expect(new SecretBox('platform').open(changed)).toBeUndefined();
});
