import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, resolve } from 'node:path';

/** A program, beside Node and PostgreSQL, that some suites run against. */
export interface Engine {
  name: string;
  /** The one line that installs it, as root. */
  install: string;
  /** Programs that must be on the PATH, or there where they are absolute. */
  programs: readonly string[];
  /** What a Python on this host must be able to import. */
  pythonModule?: string;
  /** Whether only root can run it. */
  needsRoot?: boolean;
}

export const qemu: Engine = {
  name: 'QEMU',
  install: 'apt-get update && apt-get install -y --no-install-recommends qemu-system-x86 qemu-utils busybox-static cpio e2fsprogs',
  programs: ['qemu-system-x86_64', 'qemu-img', 'busybox', 'cpio', 'mke2fs', 'apt-get'],
};

/** Its services run on any port and as root only. */
export const openStack: Engine = {
  name: 'OpenStack',
  install: 'test/engines/openstack/install.sh',
  programs: ['keystone-manage', 'glance-api', 'placement-manage', 'nova-api', 'nova-compute', 'neutron-server', 'rabbitmq-server', 'mariadbd', 'uwsgi_python311', 'openstack'],
  needsRoot: true,
};

/** What keeps jobs on this host apart. */
export const bubblewrap: Engine = {
  name: 'bubblewrap',
  install: 'apt-get update && apt-get install -y --no-install-recommends bubblewrap',
  programs: ['bwrap'],
};

/** Its services run on any port and as root only. */
export const slurm: Engine = {
  name: 'Slurm',
  install: 'test/engines/slurm/install.sh',
  programs: ['slurmctld', 'slurmd', 'slurmrestd', 'scontrol', 'munged'],
  needsRoot: true,
};

/** What serves notebooks, with a kernel of Python. */
export const jupyter: Engine = {
  name: 'Jupyter',
  install: 'apt-get update && apt-get install -y --no-install-recommends jupyter-server python3-ipykernel',
  programs: ['jupyter-server'],
};

/** What the snippets for Python are written with. */
export const requests: Engine = {
  name: 'requests of Python',
  install: 'apt-get update && apt-get install -y --no-install-recommends python3-requests',
  programs: ['python3'],
  pythonModule: 'requests',
};

/** What pages are tried in: HUTONG_TEST_CHROMIUM, or the one on the PATH. */
export const chromium: Engine = {
  name: 'Chromium',
  install: 'apt-get update && apt-get install -y --no-install-recommends chromium',
  programs: [process.env.HUTONG_TEST_CHROMIUM || 'chromium'],
};

/** Every engine, for the report at the end of a run. */
export const engines: readonly Engine[] = [qemu, bubblewrap, jupyter, requests, chromium, openStack, slurm];

const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin'];

/** What is not there of what an engine needs. */
export function missingPrograms(engine: Engine): string[] {
  const missing = engine.programs.filter((program) => programFile(program) === undefined);
  if (engine.pythonModule !== undefined && pythonWith(engine.pythonModule) === undefined) missing.push(`${engine.pythonModule} for python3`);
  return engine.needsRoot && process.geteuid?.() !== 0 ? [...missing, 'root to run it'] : missing;
}

/** A Python of this host that has a module: the first of the PATH, or Debian's, whose packages no other finds. */
export function pythonWith(module: string): string | undefined {
  return ['python3', '/usr/bin/python3'].find((python) => spawnSync(python, ['-c', `import ${module}`]).status === 0);
}

/** The file of a program; undefined where there is none. */
export function programFile(program: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...SYSTEM_FOLDERS];
  return folders.map((folder) => resolve(folder, program)).find(isProgram);
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
