import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GatewayProgram } from './measured.gateway.js';

const FOLDER = join(import.meta.dirname, 'peers');

const hive = (planner: 'js' | 'rust', sharing: 'shared' | 'unshared'): GatewayProgram => ({ file: 'peers/hive.gateway.mjs', options: [planner, sharing] });

/** Hive Gateway with its planner of JavaScript, and with that of Rust. */
export const hiveJs = hive('js', 'unshared');
export const hiveRust = hive('rust', 'unshared');
/** Equal requests that come while one is under way are answered together with it, and so are equal fetches. */
export const hiveRustSharing = hive('rust', 'shared');

let installing: Promise<void> | undefined;

/** Installs the gateways that are measured beside ours, where they are not or others are: they are large, and nothing else needs them. */
export const installPeers = (): Promise<void> => (installing ??= install());

async function install(): Promise<void> {
  const [wanted, installed] = [join(FOLDER, 'package-lock.json'), join(FOLDER, 'node_modules/.installed.json')];
  const lock = await readFile(wanted, 'utf8');
  if ((await readFile(installed, 'utf8').catch(() => undefined)) === lock) return;
  console.error('installing the peers of test/load/peers, once…');
  const npm = spawn('npm', ['ci'], { cwd: FOLDER, stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32' });
  const [code] = await once(npm, 'exit');
  if (code !== 0) throw new Error(`npm ci in test/load/peers ended with ${code}`);
  await writeFile(installed, lock);
}
