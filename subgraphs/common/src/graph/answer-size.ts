/** The bytes that a value has at least as JSON. Counting ends as soon as there are more than `atMost`. */
export function answerSize(value: unknown, atMost: number): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 1;
  let size = 2;
  if (Array.isArray(value)) {
    for (const item of value) {
      size += 1 + answerSize(item, atMost - size);
      if (size > atMost) return size;
    }
    return size;
  }
  for (const [key, item] of Object.entries(value)) {
    size += key.length + 4 + answerSize(item, atMost - size);
    if (size > atMost) return size;
  }
  return size;
}
