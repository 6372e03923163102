import { badInput, limitExceeded, requestHash, textFault } from '@hutong/common';
import type { LaunchVirtualMachineInput } from './virtual-machine.types.js';

/** A launch as it was asked for, checked as far as that goes without the cloud. */
export interface LaunchRequest {
  image: string;
  flavor: string;
  /** Undefined: not said, which is told after the image and the flavor. */
  internetAccess: boolean | undefined;
  name: string;
  waitMs: number;
  destroyUnlessActive: boolean;
  clientToken: string | null;
  /** What tells it from another launch under the same client token. */
  hash: string;
}

const LONGEST_TEXT = 255;
export const LONGEST_WAIT_S = 600;

/** @throws BAD_INPUT, LIMIT_EXCEEDED with the field */
export function readLaunch({ image, flavor, internetAccess, name, waitSeconds, destroyUnlessActive, clientToken }: LaunchVirtualMachineInput): LaunchRequest {
  requireText('input.name', name);
  if (clientToken != null) requireText('input.clientToken', clientToken);
  return {
    image,
    flavor,
    internetAccess: internetAccess ?? undefined,
    name,
    waitMs: waitMs(waitSeconds, 'input.waitSeconds'),
    destroyUnlessActive: destroyUnlessActive ?? false,
    clientToken: clientToken ?? null,
    hash: requestHash([image, flavor, internetAccess ?? null, name]),
  };
}

/** @throws BAD_INPUT, LIMIT_EXCEEDED with the field */
export function waitMs(seconds: number | null | undefined, field: string): number {
  if (seconds == null) return 0;
  if (seconds < 0) throw badInput({ field, problem: `expected an integer from 0 to ${LONGEST_WAIT_S}, got ${seconds}` });
  if (seconds > LONGEST_WAIT_S) throw limitExceeded({ field, limit: 'wait', allowed: `${LONGEST_WAIT_S} seconds`, got: String(seconds) });
  return seconds * 1_000;
}

/** 1 to 255 characters that can be stored. @throws BAD_INPUT with the field */
export function requireText(field: string, text: string): void {
  const problem = text === '' ? 'expected 1 to 255 characters, got none' : textFault(text, LONGEST_TEXT);
  if (problem !== undefined) throw badInput({ field, problem });
}
