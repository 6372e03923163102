import { describe, expect, it } from 'vitest';
import { DateTimeScalar } from './scalars.js';

const parsed = (text: unknown): string => (DateTimeScalar.parseValue(text)).toISOString();

describe('a moment', () => {
  it.each([
    ['2026-01-31T08:00:00Z', '2026-01-31T08:00:00.000Z'],
    ['2026-01-31T08:00+08:00', '2026-01-31T00:00:00.000Z'],
    ['2024-02-29T23:59:59.999999999-0100', '2024-03-01T00:59:59.999Z'],
    ['0000-02-29T00:00:00Z', '0000-02-29T00:00:00.000Z'],
    ['0099-12-31T00:00:00Z', '0099-12-31T00:00:00.000Z'],
  ])('is read from %s', (text, moment) => {
    expect(parsed(text)).toBe(moment);
  });

  it.each(['2026-02-30T00:00:00Z', '2025-02-29T00:00:00Z', '2026-04-31T08:00:00+08:00', '2026-00-01T00:00:00Z', '2026-13-01T00:00:00Z', '2026-01-00T00:00:00Z', '2026-01-31T25:00:00Z', '2026-01-31', '2026-01-31T08:00:00', 'yesterday', '', 7, null])('is not %j', (value) => {
    expect(() => parsed(value)).toThrow('expected a time in ISO 8601 with a zone');
  });
});
