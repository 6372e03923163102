import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CloudError } from '../drivers/driver.js';
import { cloudVmHouse, type CloudVmActor, type CloudVmHouse } from '../testkit/cloud-vm.actor.js';

let house: CloudVmHouse;
let alice: CloudVmActor;
let bob: CloudVmActor;
let root: CloudVmActor;
beforeAll(async () => {
  house = await cloudVmHouse();
  [alice, bob, root] = [house.actor(), house.actor(), house.actor({ roles: ['ADMIN'] })];
});
afterAll(() => house?.subgraph.stop());
afterEach(() => {
  house.driver.before = () => undefined;
  house.driver.bootMs = 0;
  house.driver.readiness = { ready: true, message: null };
});

describe('a launch', () => {
  test('answers at once and becomes ACTIVE with an address', async () => {
    const { data } = await alice.launch({ name: '期末考试_141242022' });
    expect(data.launchVirtualMachine).toMatchObject({ state: 'BUILD', name: '期末考试_141242022', image: 'linux', flavor: 'm1.tiny', owner: { id: alice.as.userId } });
    await alice.until(data.launchVirtualMachine.id, 'ACTIVE');
    expect(await alice.look(data.launchVirtualMachine.id)).toMatchObject({ ipv4: '127.77.0.1', stateReason: null });
  });

  test('waits as long as it is told to, and answers the machine as it is then', async () => {
    house.driver.bootMs = 60_000;
    expect((await alice.launch({ waitSeconds: 1 })).data.launchVirtualMachine.state).toBe('BUILD');
  });

  test('with the same client token is the same machine, with another input a conflict', async () => {
    const launches = await Promise.all([1, 2, 3].map(() => alice.launch({ clientToken: 'once' })));
    expect(new Set(launches.map(({ data }) => data.launchVirtualMachine.id as string)).size).toBe(1);
    expect((await alice.launch({ clientToken: 'once', name: 'other' })).errors[0]?.extensions.code).toBe('CONFLICT');
    expect((await bob.launch({ clientToken: 'once' })).errors).toEqual([]);
  });

  test.each([
    [{ image: 'nothing', flavor: 'nothing', internetAccess: null }, 'VM_IMAGE_NOT_FOUND', 'input.image'],
    [{ image: 'twin', flavor: 'nothing' }, 'VM_IMAGE_AMBIGUOUS', 'input.image'],
    [{ flavor: 'nothing', internetAccess: null }, 'VM_FLAVOR_NOT_FOUND', 'input.flavor'],
    [{ internetAccess: null }, 'VM_INTERNET_ACCESS_INVALID', 'input.internetAccess'],
    [{ name: '' }, 'BAD_INPUT', 'input.name'],
    [{ name: 'x'.repeat(256) }, 'BAD_INPUT', 'input.name'],
    [{ waitSeconds: 601 }, 'LIMIT_EXCEEDED', 'input.waitSeconds'],
  ])('of %j is refused with %s', async (input, code, field) => {
    const { errors } = await alice.launch(input);
    expect(errors[0]?.extensions).toMatchObject({ code, field });
  });

  test('takes an id in place of an ambiguous name, and tells the ids', { tags: ['cloud-api/launch/id-for-name', 'cloud-api/launch/ambiguous-image', 'cloud-api/launch/ambiguous-flavor'] }, async () => {
    expect((await alice.launch({ image: 'twin' })).errors[0]?.message).toContain('2, 3');
    expect((await alice.launch({ image: '3' })).data.launchVirtualMachine.image).toBe('twin');
    expect((await alice.launch({ flavor: 'twin' })).errors[0]).toMatchObject({ message: expect.stringContaining('2, 3'), extensions: { code: 'VM_FLAVOR_AMBIGUOUS', field: 'input.flavor' } });
    expect((await alice.launch({ flavor: '3' })).data.launchVirtualMachine.flavor).toBe('twin');
  });

  test('on a cloud without its network is told so before the internet value', { tags: ['cloud-api/launch/missing-config', 'cloud-api/form/order'] }, async () => {
    house.driver.readiness = { ready: false, message: 'there is no network network_oj' };
    await new Promise((resolve) => setTimeout(resolve, 3_100));
    expect((await alice.launch({ internetAccess: null })).errors[0]).toMatchObject({ message: 'there is no network network_oj', extensions: { code: 'CLOUD_MISCONFIGURED' } });
    house.driver.readiness = { ready: true, message: null };
    await new Promise((resolve) => setTimeout(resolve, 3_100));
  });

  test('that the cloud refuses is in ERROR with its words, and leaves nothing', { tags: ['cloud-api/launch/fails', 'cloud-api/destroy/states', 'cloud-api/launch/quota'] }, async () => {
    house.driver.before = (step) => {
      if (step === 'floating-ip') throw new CloudError('QUOTA', 'Quota exceeded for floating IPs');
    };
    const { data } = await alice.launch({ waitSeconds: 20 });
    expect(data.launchVirtualMachine).toMatchObject({ state: 'ERROR', stateReason: 'Quota exceeded for floating IPs' });
    await expect.poll(() => [...house.driver.things.values()].filter(({ machineId }) => machineId === data.launchVirtualMachine.id)).toEqual([]);
  });

  test('that is not wanted unless ACTIVE is destroyed when its time is over', async () => {
    house.driver.bootMs = 60_000;
    const { errors } = await bob.launch({ name: 'too slow', waitSeconds: 1, destroyUnlessActive: true });
    expect(errors[0]).toMatchObject({ message: 'it was not ready within 1 s', extensions: { code: 'VM_CREATION_FAILED' } });
    await expect.poll(async () => (await bob.ask('{ virtualMachines(filter: { name: "too slow" }) { totalCount } }')).data.virtualMachines.totalCount).toBe(0);
  });

  test('is tried again when the cloud is busy or cannot be reached, and makes one machine', async () => {
    const failures = [new CloudError('BUSY', 'later', { retryAfterMs: 10 }), new CloudError('UNREACHABLE', 'gone')];
    house.driver.before = (step) => {
      const failure = step === 'server' ? failures.pop() : undefined;
      if (failure) throw failure;
    };
    const id = await alice.machine();
    expect([...house.driver.things.values()].filter(({ machineId }) => machineId === id)).toHaveLength(3);
  });

  test('beyond the quota of a user is refused, whose machines may all have one name', { tags: ['cloud-api/launch/name-repeats'] }, async () => {
    const small = await cloudVmHouse({ machinesPerUser: 2 });
    try {
      const carol = small.actor();
      const answers = await Promise.all([carol.launch(), carol.launch(), carol.launch(), carol.launch()]);
      const codes = answers.map(({ errors }) => errors[0]?.extensions.code);
      expect(codes.filter((code) => code === undefined)).toHaveLength(2);
      expect(codes.filter((code) => code === 'VM_QUOTA_EXCEEDED')).toHaveLength(2);
    } finally {
      await small.subgraph.stop();
    }
  });
});

test('users take turns, and the cloud is not asked about more machines at once than the setting says', async () => {
  const busy = await cloudVmHouse({ atOnce: 2 });
  try {
    busy.driver.before = () => new Promise((resolve) => setTimeout(resolve, 5));
    const [many, few] = [busy.actor(), busy.actor()];
    const first = await Promise.all(Array.from({ length: 30 }, () => many.launch()));
    const second = await Promise.all([few.launch(), few.launch()]);
    const ids = [...first, ...second].map(({ data }) => data.launchVirtualMachine.id as string);
    await Promise.all(ids.map((id) => (first.some(({ data }) => data.launchVirtualMachine.id === id) ? many : few).until(id, 'ACTIVE')));
    expect(busy.driver.mostAtOnce).toBeLessThanOrEqual(2);
    const places = second.map(({ data }) => busy.driver.launches.indexOf(data.launchVirtualMachine.id as string));
    expect(Math.max(...places)).toBeLessThan(29);
  } finally {
    await busy.subgraph.stop();
  }
});

describe('a machine', () => {
  test('is stopped, started, rebooted and destroyed, with an event for each state', { tags: ['cloud-api/destroy/states'] }, async () => {
    const id = await alice.machine();
    const events = await house.subgraph.listen('subscription ($id: ID) { virtualMachineChanged(id: $id) { state virtualMachine { id } } }', { as: alice.as, variables: { id } });
    await alice.change('stop', id);
    await alice.until(id, 'SHUTOFF');
    expect((await alice.change('stop', id)).data.stopVirtualMachine.state).toBe('SHUTOFF');
    await alice.change('start', id);
    await alice.until(id, 'ACTIVE');
    expect((await alice.change('reboot', id)).data.rebootVirtualMachine.state).toBe('REBOOT');
    await alice.until(id, 'ACTIVE');
    expect((await alice.change('destroy', id)).data.destroyVirtualMachine.state).toBe('DELETED');
    const seen: string[] = [];
    for await (const { data } of events) {
      seen.push(data.virtualMachineChanged.state as string);
      if (seen.at(-1) === 'DELETED') break;
    }
    expect(seen).toEqual(['SHUTOFF', 'ACTIVE', 'REBOOT', 'ACTIVE', 'DELETING', 'DELETED']);
    expect(house.driver.machines.has(id)).toBe(false);
  });

  test('that is gone cannot be destroyed again', async () => {
    const id = await alice.machine();
    await alice.change('destroy', id);
    expect((await alice.change('destroy', id)).errors[0]?.extensions.code).toBe('VM_NOT_FOUND');
  });

  test('is nobody else’s to see or change, but an admin’s', async () => {
    const id = await alice.machine();
    expect(await bob.look(id)).toBeNull();
    for (const verb of ['start', 'stop', 'reboot', 'destroy'] as const) expect((await bob.change(verb, id)).errors[0]?.extensions.code).toBe('VM_NOT_FOUND');
    expect((await root.look(id)).owner.id).toBe(alice.as.userId);
    expect((await root.change('destroy', id)).errors).toEqual([]);
  });

  test.each(['', 'x', '../..', '00000000-0000-0000-0000-000000000000'])('of the id %j is not found', async (id) => {
    expect(await alice.look(id)).toBeNull();
    expect((await alice.change('destroy', id)).errors[0]?.extensions).toMatchObject({ code: 'VM_NOT_FOUND', field: 'id' });
  });

  test('that waits for its turn is cancelled by a destroy, and never asked of the cloud', async () => {
    const one = await cloudVmHouse({ atOnce: 1 });
    try {
      const carol = one.actor();
      const hold = Promise.withResolvers<void>();
      one.driver.before = () => hold.promise;
      const first = (await carol.launch()).data.launchVirtualMachine.id as string;
      await expect.poll(() => one.driver.launches).toEqual([first]);
      const queued = (await carol.launch()).data.launchVirtualMachine.id as string;
      expect((await carol.change('destroy', queued)).data.destroyVirtualMachine.state).toBe('DELETED');
      hold.resolve();
      await carol.until(first, 'ACTIVE');
      expect(one.driver.launches).toEqual([first]);
    } finally {
      await one.subgraph.stop();
    }
  });

  test('that is destroyed while it is made leaves nothing', async () => {
    const hold = Promise.withResolvers<void>();
    house.driver.before = (step) => (step === 'server' ? hold.promise : undefined);
    const id = (await alice.launch()).data.launchVirtualMachine.id as string;
    await expect.poll(() => house.driver.things.has(`port-${id}`)).toBe(true);
    const destroyed = alice.change('destroy', id);
    await alice.until(id, 'DELETING');
    hold.resolve();
    expect((await destroyed).data.destroyVirtualMachine.state).toBe('DELETED');
    expect([...house.driver.things.values()].filter(({ machineId }) => machineId === id)).toEqual([]);
  });

  test('is refused what its state does not allow', async () => {
    house.driver.bootMs = 60_000;
    const id = (await alice.launch()).data.launchVirtualMachine.id as string;
    expect((await alice.change('stop', id)).errors[0]?.extensions.code).toBe('VM_STATE_CONFLICT');
    expect((await alice.change('destroy', id)).errors).toEqual([]);
  });
});

test('a reboot that fails says why, and shows the machine as it then is', async () => {
  const id = await alice.machine();
  house.driver.before = (step) => {
    if (step === 'reboot') throw new CloudError('QUOTA', 'the host has no memory left');
  };
  await alice.change('reboot', id);
  await alice.until(id, 'ACTIVE');
  expect((await alice.look(id)).stateReason).toBe('could not reboot: the host has no memory left');
});

test('a snapshot becomes an image that machines are made of', async () => {
  const id = await alice.machine();
  const { data } = await alice.ask('mutation ($id: ID!) { snapshotVirtualMachine(input: { id: $id, name: "prepared" }) { id name } }', { id });
  expect(data.snapshotVirtualMachine.name).toBe('prepared');
  await alice.machine({ image: 'prepared' });
  house.driver.before = (step) => {
    if (step === 'snapshot') throw new CloudError('QUOTA', 'no room for images');
  };
  const failed = await alice.ask('mutation ($id: ID!) { snapshotVirtualMachine(input: { id: $id, name: "no" }) { id } }', { id });
  expect(failed.errors[0]).toMatchObject({ message: 'no room for images', extensions: { code: 'VM_SNAPSHOT_FAILED' } });
  expect((await alice.look(id)).state).toBe('ACTIVE');
});

test('a snapshot that failed for a fault of ours is over, and the next one is made', { timeout: 60_000 }, async () => {
  const id = await alice.machine();
  const snapshot = (name: string) => alice.ask('mutation ($input: SnapshotVirtualMachineInput!) { snapshotVirtualMachine(input: $input) { name } }', { input: { id, name } });
  let failures = 0;
  house.driver.before = (step) => {
    if (step !== 'snapshot') return;
    failures += 1;
    throw failures < 3 ? new Error('a fault of ours') : new CloudError('INVALID_IMAGE', 'no such disk');
  };
  expect((await snapshot('first')).errors[0]).toMatchObject({ message: 'no such disk', extensions: { code: 'VM_SNAPSHOT_FAILED' } });
  house.driver.before = () => undefined;
  expect((await snapshot('second')).data.snapshotVirtualMachine.name).toBe('second');
});

test('a snapshot of a machine that is destroyed meanwhile fails, and says so', async () => {
  const id = await alice.machine();
  const hold = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  house.driver.before = (step) => {
    if (step !== 'snapshot') return;
    asked.resolve();
    return hold.promise;
  };
  const snapshot = alice.ask('mutation ($id: ID!) { snapshotVirtualMachine(input: { id: $id, name: "lost" }) { name } }', { id });
  await asked.promise;
  const destroyed = alice.change('destroy', id);
  await alice.until(id, 'DELETING');
  setTimeout(() => hold.reject(new Error('the call was given up')), 200);
  expect((await snapshot).errors[0]).toMatchObject({ message: 'the machine was destroyed', extensions: { code: 'VM_SNAPSHOT_FAILED' } });
  expect((await destroyed).data.destroyVirtualMachine.state).toBe('DELETED');
  expect(house.driver.imageList.map(({ name }) => name)).not.toContain('lost');
});

test.each([['x', 'x'], [new Date().toISOString(), 'x'], ['x', '00000000-0000-4000-8000-000000000000']])('the list refuses the cursor [%j, %j], which is none of its own', async (...key) => {
  const after = Buffer.from(JSON.stringify(key)).toString('base64url');
  expect((await alice.ask('query ($after: String) { virtualMachines(after: $after) { nodes { id } } }', { after })).errors[0]?.extensions).toMatchObject({ code: 'BAD_INPUT', field: 'after' });
});

test('the list shows one’s own, newest first, by pages', async () => {
  const carol = house.actor();
  const ids: string[] = [];
  for (const name of ['a', 'b', 'c']) ids.push(await carol.machine({ name }));
  await carol.change('destroy', ids[1]!);
  const page = await carol.ask('{ virtualMachines(first: 1) { totalCount nodes { id } pageInfo { endCursor hasNextPage } } }');
  expect(page.data.virtualMachines).toMatchObject({ totalCount: 2, nodes: [{ id: ids[2] }], pageInfo: { hasNextPage: true } });
  const next = await carol.ask('query ($after: String) { virtualMachines(first: 1, after: $after) { nodes { id } pageInfo { hasNextPage } } }', { after: page.data.virtualMachines.pageInfo.endCursor });
  expect(next.data.virtualMachines).toMatchObject({ nodes: [{ id: ids[0] }], pageInfo: { hasNextPage: false } });
  expect((await carol.ask('{ virtualMachines(filter: { state: DELETED }) { nodes { id } } }')).data.virtualMachines.nodes).toEqual([{ id: ids[1] }]);
});

test('without a cloud, launching says what to set, and everything else works', async () => {
  const none = await cloudVmHouse({}, false);
  try {
    const carol = none.actor();
    expect((await carol.launch()).errors[0]).toMatchObject({ message: 'no cloud is set up: set CLOUD_DRIVER', extensions: { code: 'CLOUD_NOT_CONFIGURED' } });
    expect((await carol.ask('{ cloud { driver ready message } virtualMachines { totalCount } }')).data).toEqual({ cloud: { driver: 'none', ready: false, message: 'set CLOUD_DRIVER' }, virtualMachines: { totalCount: 0 } });
  } finally {
    await none.subgraph.stop();
  }
});
