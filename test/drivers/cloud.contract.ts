import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { CloudError, type CloudDriver, type CloudMachineState, type CloudResource, type MachineReference, type MachineSpec, type MachineView } from '@hutong/cloud-vm/drivers';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { until } from '../testkit/processes.js';

/** A real cloud to hold a driver against. */
export interface CloudUnderTest {
  /** A driver as a start of ours opens it; called again it is the driver after a restart, with the same settings. */
  open(): Promise<CloudDriver>;
  /** An image and a flavor that machines can be made of, quickly. */
  imageId: string;
  flavorId: string;
  /** What the cloud holds of a machine, found without the driver; each thing in one line, none when nothing is left. */
  holds(machineId: string): Promise<string[]>;
  /** Deletes the machine as somebody else would who does not know of us. */
  deleteBehindOurBack(machineId: string): Promise<void>;
}

/** Between looks at a machine, which cost an OpenStack on one host as much as the machine. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

type Words = { fault?: string; reason?: string };

/** What every driver promises, in the words of `drivers/driver.ts`. */
export function cloudContract(prepare: () => Promise<CloudUnderTest>): void {
  let cloud: CloudUnderTest;
  let driver: CloudDriver;
  const launched = new Map<string, MachineReference>();
  const snapshots: string[] = [];
  const { signal } = new AbortController();

  beforeAll(async () => {
    cloud = await prepare();
    driver = await cloud.open();
  }, 240_000);

  afterEach(async () => {
    const machines = [...launched.values()];
    launched.clear();
    for (const machine of machines) await driver.destroy(machine, signal);
    for (const id of snapshots.splice(0)) await driver.deleteSnapshot(id, signal);
    expect(await driver.listOurs(signal)).toEqual([]);
  }, 240_000);

  afterAll(() => driver?.close());

  const newSpec = (over: Partial<MachineSpec> = {}): MachineSpec => ({
    id: randomUUID(),
    name: 'final_exam 互通',
    imageId: cloud.imageId,
    flavorId: cloud.flavorId,
    internetAccess: false,
    ...over,
  });

  /** Launches and remembers what was told to have been made. */
  async function launch(spec: MachineSpec, made: CloudResource[] = [], options: { signal?: AbortSignal; onMade?: (resource: CloudResource) => Promise<void> } = {}): Promise<CloudResource[]> {
    launched.set(spec.id, { id: spec.id, made });
    const onMade = async (resource: CloudResource) => {
      await options.onMade?.(resource);
      made.push(resource);
    };
    await driver.launch(spec, { made: [...made], onMade }, options.signal ?? signal);
    return made;
  }

  const reference = (spec: MachineSpec): MachineReference => launched.get(spec.id)!;

  async function look(machine: MachineReference): Promise<MachineView> {
    return (await driver.look([machine], signal))[0]!;
  }

  async function untilIn(state: CloudMachineState, machine: MachineReference): Promise<MachineView> {
    let view = await look(machine);
    let pause = FIRST_PAUSE_MS;
    await until(`${machine.id} to be ${state}`, async () => {
      if (view.state === state) return true;
      await delay(pause);
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
      view = await look(machine);
      if (view.state === 'ERROR' && state !== 'ERROR') throw new Error(`the machine failed: ${view.reason}`);
      return view.state === state;
    });
    return view;
  }

  /** Until it can be reached, which may be later than ACTIVE. */
  async function untilReachable(machine: MachineReference): Promise<MachineView & { ipv4: string }> {
    let view = await untilIn('ACTIVE', machine);
    await until('an address', async () => (view = await look(machine)).ipv4 !== null);
    return view as MachineView & { ipv4: string };
  }

  const ofMachine = async (id: string): Promise<string[]> => (await driver.listOurs(signal)).filter(({ machineId }) => machineId === id).map(inWords).toSorted();

  const failure = (work: Promise<unknown>): Promise<Words> =>
    work.then(
      () => ({ reason: 'it did not fail' }),
      (error: unknown) => (error instanceof CloudError ? { fault: error.fault } : { reason: String(error) }),
    );

  test('it is ready, and lists images and flavors by ids of their own, the smallest flavor first', async () => {
    expect(await driver.status(signal)).toMatchObject({ ready: true });
    const [images, flavors] = await Promise.all([driver.images(signal), driver.flavors(signal)]);
    expect(images.map(({ id }) => id)).toContain(cloud.imageId);
    expect(flavors.map(({ id }) => id)).toContain(cloud.flavorId);
    for (const list of [images, flavors]) expect(new Set(list.map(({ id }) => id)).size).toBe(list.length);
    expect(flavors).toEqual(flavors.toSorted((a, b) => a.memoryBytes - b.memoryBytes));
    for (const { cpus, memoryBytes, diskBytes } of flavors) {
      expect([cpus, memoryBytes, diskBytes].every(Number.isInteger)).toBe(true);
      expect(memoryBytes).toBeGreaterThan(1_000_000);
    }
  });

  test('a launched machine becomes ACTIVE and gets an address; all that it has was told, one thing after the other', async () => {
    const spec = newSpec();
    let telling = 0;
    const made = await launch(spec, [], {
      onMade: async (resource) => {
        expect(++telling).toBe(1);
        expect(await ofMachine(spec.id)).toContain(inWords(resource));
        await delay(20);
        telling--;
      },
    });
    expect(made.length).toBeGreaterThan(0);
    expect(await untilReachable(reference(spec))).toMatchObject({ id: spec.id, ipv4: expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/) as string });
    expect(await ofMachine(spec.id)).toEqual(made.map(inWords).toSorted());
    expect(await cloud.holds(spec.id)).not.toEqual([]);
  });

  test('a launch that is repeated makes nothing twice, whether it remembers what was made, or a part, or nothing', async () => {
    const spec = newSpec();
    const made = await launch(spec);
    const held = await cloud.holds(spec.id);
    await driver.launch(spec, { made, onMade: () => Promise.reject(new Error('nothing is new')) }, signal);
    for (const remembered of [[], made.slice(0, 1)]) {
      const told: string[] = [];
      await driver.launch(spec, { made: remembered, onMade: async (resource) => void told.push(inWords(resource)) }, signal);
      expect(told.toSorted()).toEqual(made.slice(remembered.length).map(inWords).toSorted());
    }
    expect(await cloud.holds(spec.id)).toEqual(held);
  });

  test('a launch that was cut off after any of its steps is finished by the next', async () => {
    const steps = (await launch(newSpec())).length;
    for (let step = 0; step < steps; step++) {
      const spec = newSpec();
      const made: CloudResource[] = [];
      const cutOff = launch(spec, made, { onMade: () => (made.length === step ? Promise.reject(new Error('we were killed')) : Promise.resolve()) });
      expect(await failure(cutOff)).toEqual({ reason: 'Error: we were killed' });
      expect(made).toHaveLength(step);
      await launch(spec, made);
      await untilReachable(reference(spec));
      expect(await ofMachine(spec.id)).toEqual(made.map(inWords).toSorted());
      await driver.destroy(reference(spec), signal);
    }
  }, 240_000);

  test('a launch that was aborted at any of its steps leaves nothing once the machine is destroyed', async () => {
    const steps = (await launch(newSpec())).length;
    for (let step = 0; step <= steps; step++) {
      const spec = newSpec();
      const abort = new AbortController();
      const reason = new Error('the caller hung up');
      let seen = 0;
      const onMade = async () => {
        if (++seen === step) abort.abort(reason);
      };
      if (step === 0) setTimeout(() => abort.abort(reason), 30);
      const outcome = await failure(launch(spec, [], { signal: abort.signal, onMade }));
      // The last step may be over when the caller hangs up.
      expect([{ reason: 'Error: the caller hung up' }, { reason: 'it did not fail' }]).toContainEqual(outcome);
      await driver.destroy({ id: spec.id, made: [] }, signal);
      await until('nothing to be left', async () => (await cloud.holds(spec.id)).length === 0);
    }
  }, 240_000);

  test('an image or a flavor that is not there is said so, and costs nothing', async () => {
    const [noImage, noFlavor] = [newSpec({ imageId: randomUUID() }), newSpec({ flavorId: randomUUID() })];
    expect(await failure(launch(noImage))).toEqual({ fault: 'INVALID_IMAGE' });
    expect(await failure(launch(noFlavor))).toEqual({ fault: 'INVALID_FLAVOR' });
    for (const { id } of [noImage, noFlavor]) {
      await driver.destroy({ id, made: [] }, signal);
      expect(await cloud.holds(id)).toEqual([]);
    }
  });

  test('machines that are launched together have addresses of their own', async () => {
    const specs = [newSpec(), newSpec(), newSpec()];
    await Promise.all(specs.map((spec) => launch(spec)));
    const addresses: string[] = [];
    for (const spec of specs) addresses.push((await untilReachable(reference(spec))).ipv4);
    expect(new Set(addresses).size).toBe(3);
  });

  test('many machines are looked at in one call and answered in order; of what is not there it says DELETED', async () => {
    const [one, two] = [newSpec(), newSpec()];
    await Promise.all([launch(one), launch(two)]);
    for (const spec of [one, two]) await untilIn('ACTIVE', reference(spec));
    const nobody = { id: randomUUID(), made: [] };
    const views = await driver.look([reference(two), nobody, reference(one)], signal);
    expect(views.map(({ id, state }) => [id, state])).toEqual([
      [two.id, 'ACTIVE'],
      [nobody.id, 'DELETED'],
      [one.id, 'ACTIVE'],
    ]);
    expect(views[1]).toMatchObject({ ipv4: null, reason: expect.stringMatching(/./) as string });
    expect(await driver.look([], signal)).toEqual([]);
  });

  test('a machine stops and starts and reboots, keeps its address, and does not mind being asked twice', async () => {
    const spec = newSpec();
    await launch(spec);
    const machine = reference(spec);
    const { ipv4 } = await untilReachable(machine);
    await driver.start(machine, signal);
    for (let time = 0; time < 2; time++) {
      await driver.stop(machine, signal);
      await untilIn('SHUTOFF', machine);
    }
    for (let time = 0; time < 2; time++) {
      await driver.start(machine, signal);
      await untilIn('ACTIVE', machine);
    }
    await driver.reboot(machine, signal);
    await untilIn('ACTIVE', machine);
    await driver.stop(machine, signal);
    await untilIn('SHUTOFF', machine);
    await driver.reboot(machine, signal);
    await untilIn('ACTIVE', machine);
    expect(await look(machine)).toMatchObject({ ipv4 });
  }, 240_000);

  test('what is asked of a machine that is not there is refused', async () => {
    const nobody = { id: randomUUID(), made: [] };
    for (const ask of [driver.start, driver.stop, driver.reboot]) expect(await failure(ask.call(driver, nobody, signal))).toEqual({ fault: 'NOT_FOUND' });
    expect(await failure(driver.snapshot(nobody, { id: randomUUID(), name: 'none' }, signal))).toEqual({ fault: 'NOT_FOUND' });
  });

  test('a machine becomes an image, once for one id, that outlives it and can be launched', async () => {
    const spec = newSpec();
    await launch(spec);
    await untilIn('ACTIVE', reference(spec));
    const snapshot = { id: randomUUID(), name: 'with the compiler 编译器' };
    snapshots.push(snapshot.id);
    const image = await driver.snapshot(reference(spec), snapshot, signal);
    expect(image).toMatchObject({ name: snapshot.name });
    expect(await driver.snapshot(reference(spec), snapshot, signal)).toMatchObject({ id: image.id });
    expect((await look(reference(spec))).state).toBe('ACTIVE');
    await driver.destroy(reference(spec), signal);
    expect((await driver.images(signal)).filter(({ name }) => name === snapshot.name).map(({ id }) => id)).toEqual([image.id]);
    const again = newSpec({ imageId: image.id });
    await launch(again);
    await untilReachable(reference(again));
    await driver.destroy(reference(again), signal);
    for (let time = 0; time < 2; time++) await driver.deleteSnapshot(snapshot.id, signal);
    expect((await driver.images(signal)).map(({ id }) => id)).not.toContain(image.id);
  }, 240_000);

  test('destroying releases the last thing first and leaves nothing; again, or of nothing, it is no fault', async () => {
    const spec = newSpec();
    const made = await launch(spec);
    await untilIn('ACTIVE', reference(spec));
    const released: string[] = [];
    const onReleased = async (resource: CloudResource) => {
      expect(await ofMachine(spec.id)).not.toContain(inWords(resource));
      released.push(inWords(resource));
    };
    await driver.destroy(reference(spec), signal, onReleased);
    expect(released).toEqual(made.map(inWords).toReversed());
    expect(await cloud.holds(spec.id)).toEqual([]);
    expect((await look(reference(spec))).state).toBe('DELETED');
    await driver.destroy(reference(spec), signal);
    await driver.destroy({ id: randomUUID(), made: [] }, signal);
  });

  test('destroying that was cut off is finished by the next', async () => {
    const spec = newSpec();
    await launch(spec);
    const cutOff = driver.destroy(reference(spec), signal, () => Promise.reject(new Error('we were killed')));
    expect(await failure(cutOff)).toEqual({ reason: 'Error: we were killed' });
    await driver.destroy(reference(spec), signal);
    expect(await cloud.holds(spec.id)).toEqual([]);
  });

  test('after a restart of ours machines go on, and orphans are found by their id and destroyed', async () => {
    const [kept, orphan] = [newSpec(), newSpec()];
    await Promise.all([launch(kept), launch(orphan)]);
    const { ipv4 } = await untilReachable(reference(kept));
    await driver.close();
    driver = await cloud.open();
    expect(await look({ id: kept.id, made: [] })).toMatchObject({ state: 'ACTIVE', ipv4 });
    const ours = await driver.listOurs(signal);
    expect(new Set(ours.map(({ machineId }) => machineId))).toEqual(new Set([kept.id, orphan.id]));
    for (const { createdAt } of ours) if (createdAt) expect(Math.abs(Date.now() - createdAt.getTime())).toBeLessThan(3_600_000);
    await driver.destroy({ id: orphan.id, made: [] }, signal);
    expect(await cloud.holds(orphan.id)).toEqual([]);
    expect((await look(reference(kept))).state).toBe('ACTIVE');
  }, 240_000);

  test('a machine that somebody deleted behind our back is DELETED, and the rest of it is released', async () => {
    const spec = newSpec();
    await launch(spec);
    await untilIn('ACTIVE', reference(spec));
    await cloud.deleteBehindOurBack(spec.id);
    const view = await untilIn('DELETED', reference(spec));
    expect(view.reason).toMatch(/./);
    await driver.destroy(reference(spec), signal);
    expect(await cloud.holds(spec.id)).toEqual([]);
  });

  test('a call whose signal has aborted does nothing and says why', async () => {
    const spec = newSpec();
    await launch(spec);
    await untilIn('ACTIVE', reference(spec));
    const over = AbortSignal.abort(new Error('time is over'));
    const other = newSpec();
    const machine = reference(spec);
    const calls = [
      driver.status(over),
      driver.images(over),
      driver.flavors(over),
      driver.launch(other, { made: [], onMade: async () => undefined }, over),
      driver.look([machine], over),
      driver.start(machine, over),
      driver.stop(machine, over),
      driver.reboot(machine, over),
      driver.snapshot(machine, { id: randomUUID(), name: 'never' }, over),
      driver.deleteSnapshot(randomUUID(), over),
      driver.destroy(machine, over),
      driver.listOurs(over),
    ];
    for (const call of calls) expect(await failure(call)).toEqual({ reason: 'Error: time is over' });
    expect(await cloud.holds(other.id)).toEqual([]);
    expect((await look(machine)).state).toBe('ACTIVE');
  });
}

const inWords = ({ kind, id }: CloudResource): string => `${kind} ${id}`;
