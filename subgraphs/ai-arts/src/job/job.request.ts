import { badInput, textFault } from '@hutong/common';

export const LONGEST_NAME = 255;
export const LONGEST_DESCRIPTION = 10_000;
export const MOST_DEVICES = 100_000;
export const LARGEST_MEMORY = 2 ** 50;

const DEVICE = /^[A-Za-z0-9][A-Za-z0-9 ._:-]{0,99}$/;

/** `cpu` when nothing is said. @throws BAD_INPUT */
export function readDevice(deviceType: string | null | undefined): string {
  if (deviceType == null || deviceType === '') return 'cpu';
  if (!DEVICE.test(deviceType)) throw badInput({ field: 'input.deviceType', problem: 'expected cpu, gpu or the name of a GPU' });
  return deviceType;
}

/** @throws BAD_INPUT */
export function readInteger(field: string, value: number | null | undefined, least: number, most: number, otherwise: number): number {
  if (value == null) return otherwise;
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw badInput({ field, problem: `expected an integer from ${least} to ${most}, got ${value}` });
}

/** @throws BAD_INPUT */
export function requireText(field: string, text: string, most: number, mayBeEmpty = false): void {
  const problem = text === '' && !mayBeEmpty ? `expected 1 to ${most} characters, got none` : textFault(text, most);
  if (problem !== undefined) throw badInput({ field, problem });
}
