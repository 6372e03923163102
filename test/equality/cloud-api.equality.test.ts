import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Actor, stranger } from '../testkit/actor.js';
import { isMissing, qemu } from '../testkit/engines.js';
import { machineWorld, type MachineWorld } from '../testkit/machine.world.js';
import { qemuPlatformCloud } from '../testkit/platform-cloud.js';
import { cloudApiTwins, type Form } from './cloud-api.twins.js';
import { hold } from './runs.js';
import { anyText, sometimes } from './texts.js';
import { Tally, type Way } from './twin.js';

// cloud_api by its commands and by the graph, on real QEMU.

const tally = new Tally();
const twins = tally.counted(cloudApiTwins);

describe.skipIf(isMissing(qemu))('cloud_api', () => {
  let world: MachineWorld<'oj' | 'judge'>;
  beforeAll(async () => {
    world = await machineWorld(await qemuPlatformCloud(), ['oj', 'judge'], { CLOUD_MACHINES_PER_USER: '2' });
  }, 300_000);
  afterAll(() => world?.dispose(), 120_000);

  const AN_ADDRESS: unknown = expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/);
  const ways = (swapped: boolean): [Way, Way] => (swapped ? ['graph', 'rest'] : ['rest', 'graph']);
  /** One command by both users, each another way. */
  const both = async (row: keyof typeof twins, forms: readonly [Form, Form], swapped: boolean) => {
    const { oj, judge } = world.users;
    const [first, second] = ways(swapped);
    return Promise.all([twins[row][first](oj.actor, forms[0]), twins[row][second](judge.actor, forms[1])]);
  };
  /** What each of the two has, as both would say it of equal machines. */
  const machines = () => Promise.all([world.users.oj, world.users.judge].map(async (user) => (await user.list()).map(({ name, state, stateReason, ipv4 }) => ({ name, state, stateReason, reached: ipv4 !== null }))));

  const name = anyText(1, 255);

  test('a launch that is refused is refused alike, in the document’s order, and leaves nothing', async ({ task }) => {
    const { cloud } = world;
    const launch = fc.record({
      image: fc.oneof(fc.constant(cloud.image), fc.constant(cloud.image), anyText(0, 255)),
      flavor: fc.oneof(fc.constant(cloud.flavor), fc.constant(cloud.flavor), anyText(0, 255)),
      internet: fc.oneof(fc.constantFrom('TRUE', 'yes', '1', '', ' true', 'null'), anyText(0, 20)),
      name: fc.oneof(name, fc.constant('')),
    });
    const lacking = fc.constantFrom(undefined, undefined, undefined, 'image', 'flavor', 'name');
    await hold(task, 'launches refused', fc.asyncProperty(launch, lacking, fc.boolean(), async (form, left, swapped) => {
      const sent: Form = left === undefined ? form : { ...form, [left]: undefined };
      const [one, other] = await both('POST launch_instance', [sent, sent], swapped);
      expect(one, JSON.stringify(sent)).toEqual(other);
      expect(one).toHaveProperty('refused');
    }), 60);
    expect(await machines()).toEqual([[], []]);
  }, 120_000);

  test('a machine that is not there, or no longer, or not the caller’s, is no machine either way', async ({ task }) => {
    const known = fc.oneof(fc.uuid(), anyText(0, 60));
    await hold(task, 'machines unknown', fc.asyncProperty(sometimes(known), fc.boolean(), async (vm_id, swapped) => {
      const [one, other] = await both('POST destroy_instance', [{ vm_id }, { vm_id }], swapped);
      expect(one, JSON.stringify(vm_id)).toEqual(other);
      expect(one).toHaveProperty('refused');
    }), 40);
    for (const somebody of [stranger(world.platform), new Actor(world.platform, 'nobody', 'never-issued')]) {
      for (const row of ['POST launch_instance', 'POST destroy_instance'] as const) {
        const form = { image: 'x', flavor: 'x', internet: 'true', name: 'x', vm_id: 'x' };
        expect(await twins[row].rest(somebody, form)).toEqual(await twins[row].graph(somebody, form));
      }
    }
  });

  test('a machine that one way launches runs alike, and the other way destroys it', async ({ task }) => {
    const { cloud } = world;
    await hold(task, 'launches', fc.asyncProperty(name, fc.boolean(), fc.boolean(), async (called, internet, swapped) => {
      const form = { image: cloud.image, flavor: cloud.flavor, internet: String(internet), name: called };
      const outcomes = await both('POST launch_instance', [form, form], swapped);
      const ids = outcomes.map((outcome) => ('data' in outcome ? (outcome.data as { vm_id: string; vm_ip: string }) : { vm_id: JSON.stringify(outcome), vm_ip: '' }));
      expect(ids.map(({ vm_ip }) => vm_ip), JSON.stringify([form, outcomes])).toEqual([AN_ADDRESS, AN_ADDRESS]);
      const seen = await machines();
      const running = { name: called, state: 'ACTIVE', stateReason: null, reached: true };
      expect(seen).toEqual([[running], [running]]);
      // Nobody destroys what is somebody else's.
      const [one, other] = ids.map(({ vm_id }) => vm_id) as [string, string];
      expect(await both('POST destroy_instance', [{ vm_id: other }, { vm_id: one }], swapped)).toEqual([{ refused: 6 }, { refused: 6 }]);
      expect(await both('POST destroy_instance', [{ vm_id: one }, { vm_id: other }], !swapped)).toEqual([{ data: {} }, { data: {} }]);
      expect(await machines()).toEqual([[], []]);
      expect(await both('POST destroy_instance', [{ vm_id: one }, { vm_id: other }], swapped)).toEqual([{ refused: 6 }, { refused: 6 }]);
    }), 2);
    expect(await cloud.holdings()).toEqual([]);
  }, 300_000);

  test('every row was asked and answered both ways', ({ task }) => tally.expectEach(twins, task));
});
