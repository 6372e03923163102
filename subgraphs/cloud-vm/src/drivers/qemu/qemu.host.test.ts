import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { HostPrograms } from './host.programs.js';
import { QemuHost } from './qemu.host.js';

// A stand-in for QEMU, as a real one tells only what this host can do.

/** The status with which QEMU ends when the guest of the probe has run. */
const HAS_RUN = 43;

let folder: string;
let host: QemuHost;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hutong-host-'));
  await program('qemu-img', 'exit 0');
  await symlink('/usr/bin/timeout', join(folder, 'timeout'));
  await writeFile(join(folder, 'kvm'), '');
  const settings = { dataDirectory: folder, searchPath: folder, ports: [], user: 'nobody', shutdownMs: 1, memoryBytes: undefined, cpuOvercommit: 1 };
  host = new QemuHost(settings, new HostPrograms(folder), join(folder, 'kvm'));
});

afterEach(async () => {
  await host.close();
  await rm(folder, { recursive: true });
});

async function program(name: string, script: string): Promise<void> {
  await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, name), 0o755);
}

/** QEMU, which tells by a file that it was begun. */
const qemu = (script: string) => program('qemu-system-x86_64', `: > ${folder}/begun\n${script}`);

test('is asked about KVM by a guest before anybody needs to know', async () => {
  await qemu(`exit ${HAS_RUN}`);
  host.prepare();
  await vi.waitFor(() => expect(existsSync(join(folder, 'begun'))).toBe(true), { timeout: 20_000 });
  expect(await host.acceleration()).toBe('kvm');
  expect(await host.readiness()).toEqual({ ready: true, message: null });
});

test('where KVM does not work, machines are emulated, and the readiness says so', async () => {
  await qemu('exit 1');
  expect(await host.acceleration()).toBe('tcg');
  expect(await host.readiness()).toEqual({ ready: true, message: expect.stringContaining('no KVM') as string });
});

test('a KVM that hangs keeps nobody waiting who asks whether the host is ready, and is let go at the end', async () => {
  await qemu('exec /bin/sleep 600');
  host.prepare();
  expect(await host.readiness()).toEqual({ ready: true, message: expect.stringContaining('still being found out') as string });
  await host.close();
  expect(await host.acceleration()).toBe('tcg');
});

test('nothing is found out where QEMU is not installed, and it may be installed later', async () => {
  host.prepare();
  expect(await host.readiness()).toMatchObject({ ready: false, message: expect.stringContaining('qemu-system-x86_64 is not installed') as string });
  await qemu(`exit ${HAS_RUN}`);
  expect(await host.acceleration()).toBe('kvm');
});
