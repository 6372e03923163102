import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { isMissing, openStack } from '../testkit/engines.js';
import { sendForm } from '../testkit/http.js';
import { machineWorld, type MachineWorld } from '../testkit/machine.world.js';
import { OpenStackAdministrator } from '../testkit/openstack.js';
import { openStackPlatformCloud, type PlatformCloud } from '../testkit/platform-cloud.js';
import { until } from '../testkit/processes.js';
import type { MachineUser } from '../testkit/virtual-machine.js';

// An online judge uses cloud_api on an OpenStack whose guests are fake: what the cloud itself is asked for.

describe.skipIf(isMissing(openStack))('cloud_api on a real OpenStack', { timeout: 600_000 }, () => {
  let world: MachineWorld<'oj'>;
  let cloud: PlatformCloud;
  let oj: MachineUser;
  let project: OpenStackAdministrator;

  beforeAll(async () => {
    world = await machineWorld(await openStackPlatformCloud(), ['oj'], { CLOUD_API_WAIT_SECONDS: '60' });
    ({ cloud, users: { oj } } = world);
    project = await OpenStackAdministrator.logIn({ ...cloud.environment });
  }, 400_000);
  afterEach(() => world.clear(), 120_000);
  afterAll(() => world?.dispose(), 120_000);

  interface Answer {
    ret_code: number;
    description: string;
    vm_id: string;
    vm_ip: string;
  }

  const command = async (fields: Record<string, string>) => (await sendForm(oj.actor, '/cloud_api', fields)).json as Answer;
  const launch = (over: Record<string, string> = {}) => command({ command: 'launch_instance', image: cloud.image, flavor: cloud.flavor, internet: 'false', name: '期末考试', ...over });
  const destroy = (vm_id: string) => command({ command: 'destroy_instance', vm_id });

  interface Port {
    id: string;
    security_groups: string[];
  }

  /** What the machine at an address is connected by. */
  async function portAt(address: string): Promise<Port> {
    const { floatingips } = (await project.ask('network', `/v2.0/floatingips?floating_ip_address=${address}`)) as { floatingips: { port_id: string }[] };
    const { port } = (await project.ask('network', `/v2.0/ports/${floatingips[0]!.port_id}`)) as { port: Port };
    return port;
  }

  test('a machine is answered with its floating address, allowed the internet or not, and nothing of it stays when it is destroyed', { tags: ['cloud-api/launch/success', 'cloud-api/launch/vm_ip', 'cloud-api/launch/active', 'cloud-api/launch/groups', 'cloud-api/launch/pool', 'cloud-api/destroy/success', 'cloud-api/destroy/releases', 'cloud-api/destroy/again', 'cloud-api/codes/0', 'cloud-api/rules/text'] }, async () => {
    const groups = `/v2.0/security-groups?project_id=${project.projectId}`;
    for (const [internet, group] of [['true', 'oj_teacher'], ['false', 'oj_exam']] as const) {
      const answer = await launch({ internet });
      expect(answer).toEqual({ ret_code: 0, description: 'Success', vm_id: expect.any(String), vm_ip: expect.stringMatching(/^172\.24\./) });
      const port = await portAt(answer.vm_ip);
      expect(port.security_groups).toEqual([await project.idOf('network', groups, 'security_groups', group)]);
      const { servers } = (await project.ask('compute', '/servers/detail')) as { servers: { name: string; status: string }[] };
      expect(servers).toMatchObject([{ name: '期末考试', status: 'ACTIVE' }]);
      expect(await destroy(answer.vm_id)).toEqual({ ret_code: 0, description: 'Success' });
      expect(await cloud.holdings()).toEqual([]);
      expect(await destroy(answer.vm_id)).toEqual({ ret_code: 6, description: 'Invalid virtual machine id' });
    }
  });

  test('what is wrong is told in the order of the document, and costs nothing', { tags: ['cloud-api/form/order', 'cloud-api/codes/3', 'cloud-api/codes/4', 'cloud-api/codes/5'] }, async () => {
    const wrong = [{ name: '' }, { image: 'windows' }, { flavor: 'm9.huge' }, { internet: 'yes' }];
    const codes: number[] = [];
    for (let first = 0; first < wrong.length; first++) codes.push((await launch(Object.assign({}, ...wrong.slice(first)) as Record<string, string>)).ret_code);
    expect(codes).toEqual([2, 3, 4, 5]);
    expect(await oj.list()).toEqual([]);
    expect(await cloud.holdings()).toEqual([]);
  });

  test('what the cloud cannot build, and what its quota forbids, is answered with 7 in its own words, and leaves nothing', { tags: ['cloud-api/launch/fails', 'cloud-api/launch/quota', 'cloud-api/codes/7', 'cloud-api/codes/detail'] }, async () => {
    expect(await launch({ flavor: 'm1.impossible' })).toEqual({ ret_code: 7, description: expect.stringMatching(/^Virtual machine creation failed: .*No valid host/) });
    const quota = `/v2.0/quotas/${project.projectId}`;
    await project.send('PUT', 'network', quota, { quota: { port: 0 } });
    expect(await launch()).toEqual({ ret_code: 7, description: expect.stringMatching(/^Virtual machine creation failed: .*[Qq]uota/) });
    await project.send('DELETE', 'network', quota);
    await until('nothing to be left', async () => (await cloud.holdings()).length === 0);
    expect(await launch()).toMatchObject({ ret_code: 0 });
  });

  test('an image whose name another has, too, is refused with the ids to choose from', { tags: ['cloud-api/launch/ambiguous-image', 'cloud-api/launch/id-for-name', 'cloud-api/codes/3'] }, async () => {
    const { id } = await project.make<{ id: string }>('image', '/v2/images', { name: cloud.image, disk_format: 'raw', container_format: 'bare' });
    await fetch(`${project.endpoint('image')}/v2/images/${id}/file`, { method: 'PUT', headers: { 'x-auth-token': project.token, 'content-type': 'application/octet-stream' }, body: 'a disk' });
    expect(await launch()).toEqual({ ret_code: 3, description: expect.stringMatching(new RegExp(`^Invalid image name: .*ambiguous.*${id}`)) });
    expect(await launch({ image: id })).toMatchObject({ ret_code: 0 });
    await project.send('DELETE', 'image', `/v2/images/${id}`);
  });
});
