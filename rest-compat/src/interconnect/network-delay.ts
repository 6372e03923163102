import { LARGEST_INT } from '../engine/value.shapes.js';

const WRITTEN = /^(\d{1,10}(?:\.\d{1,20})?) ?(ms|s)$/i;

/** Reads `"5ms"`, `"0.5ms"`, `"1s"` or a number of milliseconds. Undefined for anything else and beyond an int. */
export function parseNetworkDelay(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? written(value) : value;
  return typeof ms === 'number' && ms >= 0 && ms <= LARGEST_INT ? ms : undefined;
}

/** Writes milliseconds as the document does, without an exponent however small they are: `5ms`, `0.5ms`. */
export function formatNetworkDelay(ms: number): string {
  const plain = String(ms);
  return `${plain.includes('e') ? ms.toFixed(20).replace(/\.?0+$/, '') : plain}ms`;
}

function written(text: string): number | undefined {
  const parts = WRITTEN.exec(text);
  if (!parts) return undefined;
  // Read as a decimal and not multiplied, so that 1.005s is 1005ms and not 1004.9999999999999ms.
  return Number(parts[2]?.toLowerCase() === 's' ? `${parts[1]}e3` : parts[1]);
}
