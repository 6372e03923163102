import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program, beside Node and PostgreSQL, that some suites run against. */
export interface Engine {
  name: string;
  /** The one line that installs it, as root. */
  install: string;
  /** Programs that must be on the PATH. */
  programs: readonly string[];
}

export const qemu: Engine = {
  name: 'QEMU',
  install: 'apt-get update && apt-get install -y --no-install-recommends qemu-system-x86 qemu-utils busybox-static cpio e2fsprogs',
  programs: ['qemu-system-x86_64', 'qemu-img', 'busybox', 'cpio', 'mke2fs', 'apt-get'],
};

/** Every engine, for the report at the end of a run. */
export const engines: readonly Engine[] = [qemu];

const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin'];

export function missingPrograms(engine: Engine): string[] {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...SYSTEM_FOLDERS];
  return engine.programs.filter((program) => !folders.some((folder) => isProgram(join(folder, program))));
}

/**
 * For `describe.skipIf`: whether a suite that needs the engine is to be skipped, which the run tells at its end. With
 * `HUTONG_REQUIRE_ENGINES=1` a missing engine is a failure instead.
 */
export function isMissing(engine: Engine): boolean {
  const missing = missingPrograms(engine);
  if (missing.length > 0 && enginesAreRequired()) throw new Error(`${engine.name} is missing (${missing.join(', ')}); as root: ${engine.install}`);
  return missing.length > 0;
}

const enginesAreRequired = (): boolean => ['1', 'true'].includes(process.env.HUTONG_REQUIRE_ENGINES ?? '');

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
