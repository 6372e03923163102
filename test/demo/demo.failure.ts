import { HutongError } from '@hutong/client';

/** Something that a person can put right; its message is the one line that says what and how. */
export class DemoFailure extends Error {
  override readonly name = 'DemoFailure';
}

const WHERE = 'say where it is with HUTONG_URL or PORT.';

/** What is said of a failure to whoever ran the demo: one line, with what to do where the platform is not there. */
export function wordsOf(error: Error): string {
  if (!(error instanceof HutongError)) return error.message;
  const { cause } = (error.cause ?? {}) as { cause?: { code?: string } };
  if (error.code === 'UNREACHABLE') return `${error.message.replace(/\.$/, '')}${cause?.code === undefined ? '' : ` (${cause.code})`}: start the platform with npm start, or ${WHERE}`;
  if (error.code === 'NOT_A_PLATFORM') return `${error.message.replace(/\.$/, '')}: ${WHERE}`;
  return `${error.message} (${error.code})`;
}
