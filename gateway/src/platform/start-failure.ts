import { startFailureText as commonText } from '@hutong/common';
import { CompositionError } from '../federation/compose.js';

/** What a failed start tells on the terminal: one line for what a person can put right, the whole stack for anything else. */
export const startFailureText = (error: unknown): string => (error instanceof CompositionError ? error.message : commonText(error));
