import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Actor } from '../testkit/actor.js';
import { isMissing, qemu } from '../testkit/engines.js';
import { machineWorld, type MachineWorld } from '../testkit/machine.world.js';
import { qemuPlatformCloud, type PlatformCloud } from '../testkit/platform-cloud.js';
import type { Platform } from '../testkit/platform.js';
import { until } from '../testkit/processes.js';
import { subscribe } from '../testkit/subscription.js';
import type { MachineUser } from '../testkit/virtual-machine.js';

// A teacher prepares a machine, an exam is launched from it, and nothing is left: real guests, used over GraphQL.

const CHANGES = 'subscription ($id: ID, $after: ID) { virtualMachineChanged(id: $id, after: $after) { id state virtualMachine { name } } }';
const MOST = 10;

describe.skipIf(isMissing(qemu))('virtual machines on real QEMU', { timeout: 240_000 }, () => {
  let world: MachineWorld<'teacher' | 'student'>;
  let cloud: PlatformCloud;
  let platform: Platform;
  let root: Actor;
  let teacher: MachineUser;
  let student: MachineUser;

  beforeAll(async () => {
    world = await machineWorld(await qemuPlatformCloud(), ['teacher', 'student'], { CLOUD_AT_ONCE: '2', CLOUD_MACHINES_PER_USER: String(MOST) });
    ({ cloud, platform, root, users: { teacher, student } } = world);
  }, 300_000);
  afterEach(() => world.clear(), 120_000);
  afterAll(() => world?.dispose(), 120_000);

  test('a machine is prepared, restarted in every way, and kept as an image of which others are made', async () => {
    const machine = await teacher.machine({ name: '期末考试' });
    const told = await subscribe(teacher.actor, CHANGES, { id: machine.id });
    const toldToOthers = await subscribe(student.actor, CHANGES);
    await delay(500);
    expect(await teacher.page(machine)).toContain('Hutong 互通');
    expect(await teacher.page(machine, '/cgi-bin/file?exam', { method: 'POST', body: 'question 1' })).toBe('kept\n');

    const stopped = await teacher.change('stop', machine.id, 'SHUTOFF');
    expect(stopped.stateReason).toBeNull();
    const started = await teacher.change('start', machine.id, 'ACTIVE');
    expect(await teacher.page(started, '/cgi-bin/file?exam')).toBe('question 1');
    const rebooted = await teacher.change('reboot', machine.id, 'ACTIVE');
    expect(await teacher.page(rebooted, '/cgi-bin/file?exam')).toBe('question 1');
    expect([started.ipv4, rebooted.ipv4]).toEqual([machine.ipv4, machine.ipv4]);

    const { snapshotVirtualMachine: image } = await teacher.actor.ask('mutation ($id: ID!) { snapshotVirtualMachine(input: { id: $id, name: "the exam" }) { id name sizeBytes } }', { id: machine.id });
    expect(image).toMatchObject({ name: 'the exam', sizeBytes: expect.any(Number) });
    await teacher.destroy(machine.id);
    const exam = await student.machine({ image: 'the exam' });
    expect(await student.page(exam, '/cgi-bin/file?exam')).toBe('question 1');

    const states = ['SHUTOFF', 'ACTIVE', 'REBOOT', 'ACTIVE', 'DELETING', 'DELETED'];
    const events = (await told.until(states.length)).map(({ virtualMachineChanged }) => virtualMachineChanged);
    expect(events.map(({ state }) => state as string)).toEqual(states);
    expect(events[0].virtualMachine.name).toBe('期末考试');
    const replayed = await subscribe(teacher.actor, CHANGES, { id: machine.id, after: events[1].id });
    expect((await replayed.until(4)).map(({ virtualMachineChanged }) => virtualMachineChanged)).toEqual(events.slice(2));
    const ofOthers = toldToOthers.events.filter(({ virtualMachineChanged }) => virtualMachineChanged.virtualMachine.name === '期末考试');
    expect([ofOthers, told.errors, replayed.errors]).toEqual([[], [], []]);
    await Promise.all([told.end(), toldToOthers.end(), replayed.end()]);
  });

  test('machines go on while the platform is restarted, and one that somebody deleted meanwhile is DELETED and says so', async () => {
    const [stays, goes] = await Promise.all([teacher.machine({ name: 'stays' }), teacher.machine({ name: 'goes' })]);
    expect(await teacher.page(stays, '/cgi-bin/file?note', { method: 'POST', body: 'still here' })).toBe('kept\n');
    await platform.stop();
    expect(await teacher.page(stays, '/cgi-bin/file?note')).toBe('still here');
    await cloud.deleteBehindOurBack(goes.id);
    await platform.start();
    expect(await teacher.until(goes.id, 'DELETED')).toMatchObject({ ipv4: null, stateReason: expect.stringContaining('deleted behind our back') });
    expect(await teacher.look(stays.id)).toEqual(stays);
    expect(await teacher.page(stays, '/cgi-bin/file?note')).toBe('still here');
  });

  test('an exam: ten launched at once wait for their turn, none is lost, each has an address of its own, and that is all a user may have', async () => {
    const launched = await Promise.all(Array.from({ length: MOST }, (_, n) => student.launch({ name: `seat ${n}` })));
    expect(launched.map(({ state }) => state)).toEqual(launched.map(() => 'BUILD'));
    const { errors } = await student.actor.graph('mutation ($input: LaunchVirtualMachineInput!) { launchVirtualMachine(input: $input) { id } }', {
      input: { image: cloud.image, flavor: cloud.flavor, internetAccess: false, name: 'one too many' },
    });
    expect(errors[0]?.extensions.code).toBe('VM_QUOTA_EXCEEDED');

    const machines = await Promise.all(launched.map(({ id }) => student.until(id, 'ACTIVE')));
    expect(new Set(machines.map(({ ipv4 }) => ipv4)).size).toBe(MOST);
    const things = machines.flatMap(({ id }) => [`disk ${id} of ${id}`, `server ${id} of ${id}`]);
    expect(await cloud.holdings()).toEqual(things.toSorted());

    const pages: string[][] = [];
    for (let after: string | null = null; ;) {
      const { virtualMachines }: { virtualMachines: { totalCount: number; nodes: { id: string }[]; pageInfo: { endCursor: string; hasNextPage: boolean } } } = await student.actor.ask(
        'query ($after: String) { virtualMachines(first: 4, after: $after) { totalCount nodes { id } pageInfo { endCursor hasNextPage } } }',
        { after },
      );
      expect(virtualMachines.totalCount).toBe(MOST);
      pages.push(virtualMachines.nodes.map(({ id }) => id));
      if (!virtualMachines.pageInfo.hasNextPage) break;
      after = virtualMachines.pageInfo.endCursor;
    }
    expect(pages.map(({ length }) => length)).toEqual([4, 4, 2]);
    expect(new Set(pages.flat())).toEqual(new Set(launched.map(({ id }) => id)));

    const refused = await root.graph('mutation ($id: ID!) { deleteUser(id: $id) }', { id: student.actor.userId });
    expect(refused.errors[0]).toMatchObject({ message: expect.stringContaining('cloud-vm'), extensions: { code: 'USER_OWNS_RUNNING_THINGS' } });
    await Promise.all(launched.map(({ id }) => student.destroy(id)));
  });

  test('a caller who hangs up while its machine is made, and will not have it later, leaves nothing', async () => {
    const leaving = new AbortController();
    // Its turn does not come before it was seen to wait.
    await world.whileTheCloudIsBusy(async (free) => {
      const request = fetch(`${platform.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${student.actor.credential}` },
        body: JSON.stringify({
          query: 'mutation ($input: LaunchVirtualMachineInput!) { launchVirtualMachine(input: $input) { id } }',
          variables: { input: { image: cloud.image, flavor: cloud.flavor, internetAccess: true, name: 'left alone', waitSeconds: 25, destroyUnlessActive: true } },
        }),
        signal: leaving.signal,
      });
      const ended = expect(request).rejects.toThrow('aborted');
      await until('the machine to be asked for', async () => (await student.list()).length === 1);
      const [machine] = await student.list();
      await free();
      leaving.abort();
      await ended;
      await student.until(machine!.id, 'DELETED');
    });
    expect(await cloud.holdings()).toEqual([]);
  });
});
