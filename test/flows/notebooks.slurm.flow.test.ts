import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { actor, admin } from '../testkit/actor.js';
import { isMissing, jupyter, slurm } from '../testkit/engines.js';
import { jupyterToken, NotebookUser } from '../testkit/notebook.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { TestSlurm } from '../testkit/slurm.js';

// The same notebook as on this machine, on a cluster: its server is found on the node that Slurm gave it.

describe.skipIf(isMissing(jupyter) || isMissing(slurm))('a notebook on Slurm', { timeout: 180_000 }, () => {
  let cluster: TestSlurm;
  let platform: Platform;
  let alice: NotebookUser;

  beforeAll(async () => {
    cluster = await TestSlurm.start();
    platform = await startPlatform({ environment: { ...cluster.environment, ENGINE_DRIVER: 'slurm', ENGINE_LOCAL_UNISOLATED: 'true', JOB_STOP_GRACE_SECONDS: '5' } });
    alice = new NotebookUser(await actor(await admin(platform), 'alice'));
  }, 180_000);

  afterAll(async () => {
    await platform?.dispose();
    await cluster?.remove();
  }, 120_000);

  test('is opened, computes, and keeps its files over stop and start', async () => {
    const { id } = await alice.create({ memoryBytes: 512 * 1024 * 1024 });
    await alice.until(id, 'RUNNING');
    const page = await alice.open(id);
    expect(await page.run("print(6*7, open('kept.txt', 'w').write('still here'))")).toBe('42 10\n');
    expect(page.told.filter((said) => said.includes('JUPYTER_TOKEN'))).toEqual([]);
    const token = await jupyterToken(platform.dataDirectory, id);
    expect(page.told.filter((said) => said.includes(token))).toEqual([]);
    await alice.change('stop', id);
    await alice.until(id, 'PAUSED');
    await alice.change('start', id);
    await alice.until(id, 'RUNNING');
    const again = await alice.open(id);
    expect(await again.json('api/contents/kept.txt')).toMatchObject({ content: 'still here' });
    await alice.actor.ask('mutation ($id: ID!) { deleteNotebook(id: $id) }', { id });
    await expect.poll(async () => (await alice.actor.ask('{ me { id } engine { total { cpus } free { cpus } } }')).engine).toSatisfy(({ total, free }: { total: { cpus: number }; free: { cpus: number } }) => total.cpus === free.cpus);
  });
});
