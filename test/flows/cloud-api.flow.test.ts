import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { isMissing, qemu } from '../testkit/engines.js';
import { sendForm } from '../testkit/http.js';
import { machineWorld, type MachineWorld } from '../testkit/machine.world.js';
import { qemuPlatformCloud, type PlatformCloud } from '../testkit/platform-cloud.js';
import { until } from '../testkit/processes.js';
import type { MachineUser } from '../testkit/virtual-machine.js';

// An online judge launches machines for teachers and candidates through cloud_api, on real QEMU. What anything else may take
// is less than a launch may wait.

const WAIT_SECONDS = 20;

describe.skipIf(isMissing(qemu))('cloud_api on real QEMU', { timeout: 240_000 }, () => {
  let world: MachineWorld<'oj' | 'other'>;
  let cloud: PlatformCloud;
  let oj: MachineUser;
  let other: MachineUser;

  beforeAll(async () => {
    const environment = { CLOUD_API_WAIT_SECONDS: String(WAIT_SECONDS), REQUEST_TIMEOUT_SECONDS: '15', SUBGRAPH_TIMEOUT_SECONDS: '12', CLOUD_MACHINES_PER_USER: '2' };
    world = await machineWorld(await qemuPlatformCloud(), ['oj', 'other'], environment);
    ({ cloud, users: { oj, other } } = world);
  }, 300_000);
  afterEach(() => world.clear(), 120_000);
  afterAll(() => world?.dispose(), 120_000);

  interface Answer {
    ret_code: number;
    description: string;
    vm_id: string;
    vm_ip: string;
  }

  async function command(fields: Record<string, string>, by: MachineUser = oj): Promise<Answer> {
    const { status, json, text } = await sendForm(by.actor, '/cloud_api', fields);
    expect(status, text).toBe(200);
    return json as Answer;
  }

  const launch = (over: Record<string, string> = {}) => command({ command: 'launch_instance', image: cloud.image, flavor: cloud.flavor, internet: 'false', name: 'final_exam_141242022', ...over });
  const destroy = (vm_id: string, by?: MachineUser) => command({ command: 'destroy_instance', vm_id }, by);

  /** The guest's web server at the address that was answered. */
  async function page({ vm_id, vm_ip }: Answer, path = '/', init?: RequestInit): Promise<string> {
    const machine = await oj.look(vm_id);
    expect([machine.state, machine.ipv4]).toEqual(['ACTIVE', vm_ip]);
    return oj.page(machine, path, init);
  }

  test('a teacher prepares a machine, a candidate gets one made of it that reaches nobody, and both are gone when destroyed', {
    tags: [
      'cloud-api/launch/success', 'cloud-api/launch/vm_id', 'cloud-api/launch/vm_ip', 'cloud-api/launch/active', 'cloud-api/launch/image',
      'cloud-api/launch/internet', 'cloud-api/launch/id-for-name', 'cloud-api/launch/ambiguous-image', 'cloud-api/launch/example', 'cloud-api/launch/quota',
      'cloud-api/destroy/success', 'cloud-api/destroy/releases', 'cloud-api/destroy/again', 'cloud-api/codes/0', 'cloud-api/codes/7',
      'cloud-api/rules/id', 'cloud-api/rules/text',
    ],
  }, async () => {
    const listener = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const outside = `/cgi-bin/reach?10.0.2.2:${(listener.address() as AddressInfo).port}`;
    const name = '老师 🚀 <b>&amp;</b> שלום';
    const teacher = await launch({ internet: 'true', name });
    expect(teacher).toEqual({ ret_code: 0, description: 'Success', vm_id: expect.any(String), vm_ip: expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/) });
    expect(Object.keys(teacher)).toEqual(['ret_code', 'description', 'vm_id', 'vm_ip']);
    expect((await oj.look(teacher.vm_id)).name).toBe(name);
    expect(await page(teacher)).toContain('Hutong 互通');
    expect(await page(teacher, outside)).toBe('yes\n');
    expect(await page(teacher, '/cgi-bin/file?exam', { method: 'POST', body: 'question 1' })).toBe('kept\n');
    const { snapshotVirtualMachine: image } = await oj.actor.ask('mutation ($id: ID!) { snapshotVirtualMachine(input: { id: $id, name: "xubuntu-14.04-desktop-x86" }) { id } }', { id: teacher.vm_id });

    // The form of the document, word for word.
    const candidate = await command({ command: 'launch_instance', image: 'xubuntu-14.04-desktop-x86', flavor: 'm1.small', internet: 'false', name: 'final_exam_141242022' });
    expect(candidate).toEqual({ ret_code: 0, description: 'Success', vm_id: expect.any(String), vm_ip: expect.any(String) });
    expect(await page(candidate, '/cgi-bin/file?exam')).toBe('question 1');
    expect(await page(candidate, outside)).toBe('no\n');
    listener.close();
    expect(await launch()).toEqual({ ret_code: 7, description: expect.stringMatching(/^Virtual machine creation failed: at most 2 virtual machines/) });

    expect(await destroy(teacher.vm_id, other)).toEqual({ ret_code: 6, description: 'Invalid virtual machine id' });
    for (const { vm_id } of [teacher, candidate]) {
      expect(await destroy(vm_id)).toEqual({ ret_code: 0, description: 'Success' });
      expect(await destroy(vm_id)).toEqual({ ret_code: 6, description: 'Invalid virtual machine id' });
    }
    expect(await cloud.holdings()).toEqual([]);
    await expect(fetch(`http://${candidate.vm_ip}/`)).rejects.toThrow('fetch failed');

    // The id is taken in place of the name, also where the name is ambiguous.
    const again = await launch({ image: image.id as string });
    await oj.actor.ask('mutation ($id: ID!) { snapshotVirtualMachine(input: { id: $id, name: "xubuntu-14.04-desktop-x86" }) { id } }', { id: again.vm_id });
    expect(await launch({ image: 'xubuntu-14.04-desktop-x86' })).toEqual({ ret_code: 3, description: expect.stringMatching(new RegExp(`^Invalid image name: .*ambiguous.*${image.id as string}`)) });
  });

  test('what is wrong is told in the order of the document, and nothing is launched', { tags: ['cloud-api/form/order', 'cloud-api/codes/2', 'cloud-api/codes/3', 'cloud-api/codes/4', 'cloud-api/codes/5', 'cloud-api/launch/flavor', 'cloud-api/launch/image', 'cloud-api/launch/internet'] }, async () => {
    const wrong = [{ name: '' }, { image: 'windows' }, { flavor: 'm9.huge' }, { internet: 'yes' }];
    const codes = [];
    for (let first = 0; first < wrong.length; first++) codes.push((await launch(Object.assign({}, ...wrong.slice(first)) as Record<string, string>)).ret_code);
    expect(codes).toEqual([2, 3, 4, 5]);
    for (const internet of ['', 'True', 'TRUE', '1', ' true']) expect(await launch({ internet })).toMatchObject({ ret_code: 5, description: expect.stringMatching(/^Invalid internet access setting: /) });
    for (const image of ['', 'x'.repeat(100_000), '\u0000', '../small-linux']) expect(await launch({ image })).toMatchObject({ ret_code: 3, description: expect.stringMatching(/^Invalid image name: .{1,300}$/) });
    expect(await launch({ flavor: '' })).toMatchObject({ ret_code: 4, description: expect.stringMatching(/^Invalid flavor name: /) });
    expect(await oj.list()).toEqual([]);
  });

  test('a launch whose time is over answers 7, and leaves nothing', { tags: ['cloud-api/launch/time-out', 'cloud-api/codes/7'] }, async () => {
    await world.whileTheCloudIsBusy(async () => {
      expect(await launch()).toEqual({ ret_code: 7, description: `Virtual machine creation failed: it was not ready within ${WAIT_SECONDS} s` });
    });
    await until('nothing to be launched', async () => (await oj.list()).length === 0);
    expect(await cloud.holdings()).toEqual([]);
  });

  test('a caller that hangs up before the answer leaves nothing', { tags: ['cloud-api/launch/hang-up'] }, async () => {
    const gone = new AbortController();
    await world.whileTheCloudIsBusy(async (free) => {
      const body = new URLSearchParams({ command: 'launch_instance', image: cloud.image, flavor: cloud.flavor, internet: 'false', name: 'left alone' });
      const request = fetch(`${world.platform.legacyUrl}/cloud_api`, { method: 'POST', headers: { token: oj.actor.credential! }, body, signal: gone.signal });
      const ended = expect(request).rejects.toThrow('aborted');
      await until('the machine to be asked for', async () => (await oj.list()).length === 1);
      const [machine] = await oj.list();
      await free();
      gone.abort();
      await ended;
      await oj.until(machine!.id, 'DELETED');
    });
    expect(await cloud.holdings()).toEqual([]);
  });
});
