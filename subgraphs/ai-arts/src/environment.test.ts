import { expect, test } from 'vitest';
import { readAiArtsSettings } from './environment.js';

test('a picture has at most 100 MB unless a setting says otherwise', { tags: ['ai-arts/6.4/size'] }, () => {
  expect(readAiArtsSettings({}).inferenceImages.bytes).toBe(100 * 1024 * 1024);
});
