import { setFlagsFromString } from 'node:v8';

/**
 * Has what requests leave behind collected in passing, for as long as the process runs; calling it again changes nothing. Of what
 * many requests hold when it looks, V8 thinks that it stays for long, and allocates more of that kind among what is old: there it is
 * kept, with all that it refers to, until a full collection, of which there are one or two a second then.
 */
export const collectInPassing = (): void => setFlagsFromString('--no-allocation-site-pretenuring');
