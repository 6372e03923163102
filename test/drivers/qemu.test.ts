import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { CloudDriver, CloudResource, MachineReference, MachineSpec } from '@hutong/cloud-vm/drivers';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { isMissing, qemu } from '../testkit/engines.js';
import { GUEST_IMAGE } from '../testkit/guest-image.js';
import { isRunning, until } from '../testkit/processes.js';
import { processesNaming, qemuCloud, type QemuUnderTest } from './qemu.cloud.js';

// What machines on this host do beyond what every driver does: real guests, and what is left of them.

describe.skipIf(isMissing(qemu))('machines on this host', { timeout: 120_000 }, () => {
  let cloud: QemuUnderTest;
  let driver: CloudDriver;
  const { signal } = new AbortController();
  const nothingTold = { made: [] as CloudResource[], onMade: async () => undefined };

  beforeAll(async () => {
    cloud = await qemuCloud();
    driver = await cloud.open();
  }, 240_000);

  afterEach(async () => {
    for (const { machineId } of await driver.listOurs(signal)) await driver.destroy({ id: machineId, made: [] }, signal);
    expect(await processesNaming(cloud.dataDirectory)).toEqual([]);
  });

  afterAll(async () => {
    await driver?.close();
    await cloud?.remove();
  });

  async function launch(over: Partial<MachineSpec> = {}, by: CloudDriver = driver): Promise<MachineReference> {
    const spec: MachineSpec = { id: randomUUID(), name: 'exam', imageId: GUEST_IMAGE, flavorId: 'm1.tiny', internetAccess: false, ...over };
    await by.launch(spec, nothingTold, signal);
    return { id: spec.id, made: [] };
  }

  const look = async (machine: MachineReference) => (await driver.look([machine], signal))[0]!;

  /** Asks the guest's web server, which may still be starting. */
  async function ask(machine: MachineReference, path: string, options: RequestInit = {}): Promise<string> {
    const { endpoints } = await look(machine);
    const web = endpoints.find(({ guestPort }) => guestPort === 80)!;
    let answer: string | undefined;
    await until('an answer from the guest', async () => {
      answer = await fetch(`http://${web.host}:${web.port}${path}`, { ...options, signal: AbortSignal.timeout(4_000) }).then((response) => response.text(), () => undefined);
      return answer !== undefined;
    });
    return answer!;
  }

  const folderOf = (machine: MachineReference) => join(cloud.dataDirectory, 'machines', machine.id);

  async function listenOnLoopback() {
    const server = createServer((socket) => socket.end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { port: (server.address() as AddressInfo).port, [Symbol.dispose]: () => void server.close() };
  }

  test('a guest serves its page, keeps a file through a snapshot, and a machine of the snapshot has it', async () => {
    const teacher = await launch();
    expect(await ask(teacher, '/')).toContain('Hutong 互通');
    expect(await ask(teacher, '/cgi-bin/file?exam', { method: 'POST', body: 'question 1' })).toBe('kept\n');
    const [first, second] = [randomUUID(), randomUUID()];
    await driver.snapshot(teacher, { id: first, name: 'first' }, signal);
    expect(await ask(teacher, '/cgi-bin/file?exam', { method: 'POST', body: 'question 2' })).toBe('kept\n');
    await driver.snapshot(teacher, { id: second, name: 'second' }, signal);
    expect((await stat(join(folderOf(teacher), 'snapshot.qcow2'))).size).toBe(0);
    await driver.destroy(teacher, signal);
    const [one, two] = await Promise.all([launch({ imageId: first }), launch({ imageId: second })]);
    // The image may go; the machines have all they need.
    for (const id of [first, second]) await driver.deleteSnapshot(id, signal);
    expect(await ask(one, '/cgi-bin/file?exam')).toBe('question 1');
    expect(await ask(two, '/cgi-bin/file?exam')).toBe('question 2');
    expect((await readdir(join(cloud.dataDirectory, 'images'))).filter((name) => name.includes(first) || name.includes(second))).toEqual([]);
  });

  test('a stopped machine has its file when it is started again, and becomes an image as well', async () => {
    const machine = await launch();
    await ask(machine, '/cgi-bin/file?exam', { method: 'POST', body: 'kept' });
    await driver.stop(machine, signal);
    expect(await readFile(join(folderOf(machine), 'console.log'), 'utf8')).toMatch(/READY.*Power down/s);
    const id = randomUUID();
    await driver.snapshot(machine, { id, name: 'stopped' }, signal);
    await driver.start(machine, signal);
    expect(await ask(machine, '/cgi-bin/file?exam')).toBe('kept');
    expect(await ask(await launch({ imageId: id }), '/cgi-bin/file?exam')).toBe('kept');
    await driver.deleteSnapshot(id, signal);
  });

  test('without internet access a guest reaches nothing, with it also the loopback of this host', async () => {
    using listener = await listenOnLoopback();
    const [exam, teacher] = await Promise.all([launch({ internetAccess: false }), launch({ internetAccess: true })]);
    expect(await ask(teacher, `/cgi-bin/reach?10.0.2.2:${listener.port}`)).toBe('yes\n');
    expect(await ask(exam, `/cgi-bin/reach?10.0.2.2:${listener.port}`)).toBe('no\n');
  });

  test('its process is a session of its own that has given up root, in a sandbox, and without our environment', async () => {
    const machine = await launch();
    const pid = (await cloud.pidOf(machine.id))!;
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    expect(status).toMatch(/^Seccomp:\t2$/m);
    expect(status).not.toMatch(/^Uid:.*\b0\b/m);
    const session = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ')[3];
    expect(Number(session)).toBe(pid);
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    expect(line).toContain(folderOf(machine));
    expect(line.includes('elevateprivileges=allow')).toBe(process.geteuid?.() === 0);
  });

  test('a guest that does not heed the power button is turned off when patience ends', async () => {
    const hasty = cloud.openWith({ shutdownMs: 1 });
    const machine = await launch({}, hasty);
    await hasty.stop(machine, signal);
    expect(await look(machine)).toMatchObject({ state: 'SHUTOFF' });
    await hasty.close();
  });

  test('a machine whose process was killed is SHUTOFF, and starts again', async () => {
    const machine = await launch();
    process.kill((await cloud.pidOf(machine.id))!, 'SIGKILL');
    await until('it to be SHUTOFF', async () => (await look(machine)).state === 'SHUTOFF');
    await driver.start(machine, signal);
    expect(await look(machine)).toMatchObject({ state: 'ACTIVE' });
  });

  test('machines are refused when memory or processors do not suffice, and a stopped one makes room', async () => {
    const small = cloud.openWith({ memoryBytes: 1024 ** 3, cpuOvercommit: 16 });
    const machines = [await launch({}, small), await launch({}, small)];
    await expect(launch({}, small)).rejects.toMatchObject({ fault: 'QUOTA', message: expect.stringMatching(/0\.0 GiB of memory left.*needs 0\.5 GiB/) as string });
    await driver.destroy(machines[0]!, signal);
    const third = await launch({}, small);
    await small.close();
    const narrow = cloud.openWith({ cpuOvercommit: 0 });
    await expect(launch({}, narrow)).rejects.toMatchObject({ fault: 'QUOTA', message: expect.stringContaining('virtual processors') as string });
    await narrow.close();
    expect((await driver.listOurs(signal)).map(({ machineId }) => machineId)).toContain(third.id);
  });

  test('an image that is larger than the flavor allows is refused with both sizes', async () => {
    const images = join(cloud.dataDirectory, 'images');
    const header = Buffer.alloc(104);
    header.writeUInt32BE(0x51_46_49_fb, 0);
    header.writeUInt32BE(3, 4);
    header.writeBigUInt64BE(2n ** 40n, 24);
    await writeFile(join(images, 'huge.qcow2'), header);
    await expect(launch({ imageId: 'huge' })).rejects.toMatchObject({ fault: 'INVALID_FLAVOR', message: expect.stringMatching(/1099511627776.*1073741824/) as string });
  });

  test('what cannot be run is said with its remedy', async () => {
    const bare = cloud.openWith({ searchPath: '/nonexistent' });
    const remedy = expect.stringMatching(/qemu-system-x86_64 is not installed; apt-get install/) as string;
    expect(await bare.status(signal)).toEqual({ ready: false, message: remedy });
    await expect(launch({}, bare)).rejects.toMatchObject({ fault: 'MISCONFIGURED', message: remedy });
    await bare.close();
  });

  test('a driver that is closed while it looks for KVM leaves no process of its own', async () => {
    const before = await processesNaming('hutong-kvm-');
    const other = cloud.openWith({});
    const asked = other.status(signal);
    await other.close();
    await asked;
    expect((await processesNaming('hutong-kvm-')).filter((pid) => !before.includes(pid))).toEqual([]);
  });

  test.runIf(process.geteuid?.() === 0)('as root, a user for QEMU that does not exist is named', async () => {
    const other = cloud.openWith({ user: 'nobody-at-all' });
    expect(await other.status(signal)).toMatchObject({ ready: false, message: expect.stringContaining('CLOUD_QEMU_USER') as string });
    await other.close();
  });

  test('a port that every address has already is found higher', async () => {
    const server = createServer((socket) => socket.end());
    server.listen(0, '0.0.0.0');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const driver = cloud.openWith({ ports: [80, port] });
    const machine = await launch({}, driver);
    const { ipv4, endpoints } = await look(machine);
    expect(endpoints.map(({ guestPort, host }) => [guestPort, host])).toEqual([
      [80, ipv4],
      [port, ipv4],
    ]);
    expect(endpoints[1]!.port).not.toBe(port);
    server.close();
    await driver.close();
  });

  test('killed with SIGKILL while it launches, at any moment, we find all of it again', async () => {
    for (let round = 0; round < 4; round++) {
      const id = randomUUID();
      const child = spawn(process.execPath, ['--input-type=module', '--eval', launchingProgram(cloud.dataDirectory, id)], { stdio: ['ignore', 'pipe', 'inherit'], cwd: import.meta.dirname });
      await once(child.stdout, 'data');
      await delay(round * 25);
      child.kill('SIGKILL');
      await once(child, 'exit');
      const machine = { id, made: [] };
      if (round % 2 === 0) {
        await launch({ id });
        expect(await look(machine)).toMatchObject({ state: 'ACTIVE' });
        expect(await processesNaming(folderOf(machine))).toHaveLength(1);
      }
      await driver.destroy(machine, signal);
      expect(await cloud.holds(id)).toEqual([]);
    }
  });

  test('a machine outlives the process that launched it', async () => {
    const id = randomUUID();
    const child = spawn(process.execPath, ['--input-type=module', '--eval', launchingProgram(cloud.dataDirectory, id)], { stdio: ['ignore', 'pipe', 'inherit'], cwd: import.meta.dirname, detached: true });
    const machine = { id, made: [] };
    await until('the machine to run', async () => (await look(machine)).state === 'ACTIVE');
    const pid = (await cloud.pidOf(id))!;
    // The whole group, as a terminal does it.
    process.kill(-child.pid!, 'SIGKILL');
    await once(child, 'exit');
    expect(isRunning(pid)).toBe(true);
    expect(await ask(machine, '/')).toContain('small-linux');
    await driver.destroy(machine, signal);
    expect(isRunning(pid)).toBe(false);
    expect(existsSync(folderOf(machine))).toBe(false);
  });
});

/** A process of its own that says when it begins to launch, and goes on living after it. */
function launchingProgram(dataDirectory: string, id: string): string {
  const settings = { dataDirectory, searchPath: process.env.PATH, ports: [80], user: 'nobody', shutdownMs: 1, cpuOvercommit: 16 };
  const spec = { id, name: 'exam', imageId: GUEST_IMAGE, flavorId: 'm1.tiny', internetAccess: false };
  return `
    import { QemuDriver } from '@hutong/cloud-vm/drivers/qemu';
    const log = { info() {}, warn() {} };
    const driver = new QemuDriver(${JSON.stringify(settings)}, { log });
    // Each answer waits a moment for what is being found out about the host, which a launch would wait for.
    while (/being found out/.test((await driver.status(AbortSignal.timeout(60_000))).message));
    setInterval(() => undefined, 1_000);
    console.log('launching');
    await driver.launch(${JSON.stringify(spec)}, { made: [], onMade: async () => undefined }, AbortSignal.timeout(60_000));`;
}
