import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { commandLinesNaming } from '../drivers/qemu.cloud.js';
import { admin, type Actor } from '../testkit/actor.js';
import { GUEST_IMAGE, placeGuestImage } from '../testkit/guest-image.js';
import { startPlatform } from '../testkit/platform.js';
import type { Benchmark } from './benchmark.js';

const ROUNDS = 9;
const WARM_ROUNDS = 2;
const TARGET = 1.2;
const LONGEST_MS = 120_000;
/** Ours have addresses in 127.77.0.0/16. */
const BARE_ADDRESS = '127.78.0.1';
const MEMORY_MIB = '512';

/** Milliseconds until a guest has said READY on its console. */
async function untilReady(start: number, consoleLog: string): Promise<number> {
  while (!(await readFile(consoleLog, 'utf8').catch(() => '')).includes('READY')) {
    if (performance.now() - start > LONGEST_MS) throw new Error(`the guest of ${consoleLog} did not say READY`);
    await delay(5);
  }
  return performance.now() - start;
}

const LAUNCH = 'mutation ($input: LaunchVirtualMachineInput!) { launchVirtualMachine(input: $input) { id } }';
const DESTROY = 'mutation ($id: ID!) { destroyVirtualMachine(id: $id, waitSeconds: 20) { state } }';

/** One launch through GraphQL, and what ran it. */
async function ours(root: Actor, dataDirectory: string): Promise<{ ms: number; accelerator: string }> {
  const start = performance.now();
  const { launchVirtualMachine } = await root.ask(LAUNCH, { input: { image: GUEST_IMAGE, flavor: 'm1.tiny', internetAccess: true, name: 'bench' } });
  const id = launchVirtualMachine.id as string;
  const folder = join(dataDirectory, 'machines', id);
  const ms = await untilReady(start, join(folder, 'console.log'));
  const [line] = (await commandLinesNaming(folder)).values();
  await root.ask(DESTROY, { id });
  return { ms, accelerator: line!.split('\0').includes('kvm') ? 'kvm' : 'tcg' };
}

/** The same by a plain script. */
async function bare(dataDirectory: string, accelerator: string): Promise<number> {
  const folder = join(dataDirectory, 'bare');
  const start = performance.now();
  const { stdout } = await promisify(execFile)('bash', [join(import.meta.dirname, 'vm-run.sh'), folder, join(dataDirectory, 'images', GUEST_IMAGE), accelerator, MEMORY_MIB, BARE_ADDRESS]);
  try {
    return await untilReady(start, join(folder, 'console.log'));
  } finally {
    process.kill(Number(stdout), 'SIGKILL');
    await rm(folder, { recursive: true });
  }
}

const launch: Benchmark = {
  name: 'a machine on QEMU, from the request to READY on its console',
  target: '≤ 1.2 × a plain script that makes the disk and starts QEMU',
  meets: (ratio) => ratio <= TARGET,
  async run() {
    const platform = await startPlatform({ database: 'embedded', environment: { CLOUD_DRIVER: 'qemu' } });
    const { dataDirectory } = platform;
    try {
      await placeGuestImage(dataDirectory);
      const root = await admin(platform);
      const readyMs: Record<'ours' | 'bare', number[]> = { ours: [], bare: [] };
      let accelerator = 'tcg';
      for (let round = 0; round < WARM_ROUNDS + ROUNDS; round += 1) {
        const measured = await ours(root, dataDirectory);
        ({ accelerator } = measured);
        const script = await bare(dataDirectory, accelerator);
        if (round < WARM_ROUNDS) continue;
        readyMs.ours.push(Math.round(measured.ms));
        readyMs.bare.push(Math.round(script));
      }
      return { ratio: readyMs.ours.map((ms, round) => ms / readyMs.bare[round]!), detail: { accelerator, readyMs } };
    } finally {
      for (const pid of (await commandLinesNaming(dataDirectory)).keys()) process.kill(pid, 'SIGKILL');
      await platform.dispose();
    }
  },
};

export const benchmarks: Benchmark[] = [launch];
