import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CloudResource } from '@hutong/cloud-vm/drivers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isMissing, openStack } from '../testkit/engines.js';
import { openStackCloud, type OpenStackUnderTest } from './openstack.cloud.js';

interface Made {
  application_credential: { id: string; secret: string };
}

/** None of the variables of a user with a password. */
const NO_PASSWORD = { OS_PASSWORD: '', OS_PROJECT_NAME: '', OS_PROJECT_DOMAIN_ID: '' };
const NOBODY = { ...NO_PASSWORD, OS_USERNAME: '', OS_USER_DOMAIN_ID: '' };

describe.skipIf(isMissing(openStack))('an application credential of a real Keystone', { timeout: 240_000 }, () => {
  const { signal } = new AbortController();
  const name = `hutong ${randomUUID()}`;
  let cloud: OpenStackUnderTest;
  let credential: Made['application_credential'];

  beforeAll(async () => {
    cloud = await openStackCloud();
    const { administrator } = cloud;
    ({ application_credential: credential } = await administrator.make<Made>('identity', `/users/${administrator.userId}/application_credentials`, { application_credential: { name } }));
  }, 240_000);
  afterAll(async () => {
    const { administrator } = cloud;
    await administrator.send('DELETE', 'identity', `/users/${administrator.userId}/application_credentials/${credential.id}`);
  });

  test('launches and destroys machines without a user, a password or a project', async () => {
    const driver = cloud.openWith({ ...NOBODY, OS_APPLICATION_CREDENTIAL_ID: credential.id, OS_APPLICATION_CREDENTIAL_SECRET: credential.secret });
    expect(await driver.status(signal)).toEqual({ ready: true, message: null });
    const id = randomUUID();
    const made: CloudResource[] = [];
    const { imageId, flavorId } = cloud;
    try {
      await driver.launch({ id, name: 'exam', imageId, flavorId, internetAccess: false }, { made: [], onMade: async (resource) => void made.push(resource) }, signal);
      expect(made.map(({ kind }) => kind)).toEqual(['port', 'floating-ip', 'server']);
    } finally {
      await driver.destroy({ id, made }, signal);
    }
    expect(await cloud.holds(id)).toEqual([]);
    await driver.close();
  });

  test('is taken by its name with its user, and from clouds.yaml', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hutong-clouds-'));
    const file = join(folder, 'clouds.yaml');
    const auth = { auth_url: cloud.authUrl, application_credential_id: credential.id, application_credential_secret: credential.secret };
    // JSON is YAML.
    await writeFile(file, JSON.stringify({ clouds: { school: { auth, region_name: 'RegionOne' } } }));
    const byName = { ...NO_PASSWORD, OS_APPLICATION_CREDENTIAL_NAME: name, OS_APPLICATION_CREDENTIAL_SECRET: credential.secret };
    const byFile = { ...NOBODY, OS_AUTH_URL: '', OS_CLOUD: 'school', OS_CLIENT_CONFIG_FILE: file };
    for (const environment of [byName, byFile]) {
      const driver = cloud.openWith(environment);
      expect(await driver.status(signal)).toEqual({ ready: true, message: null });
      await driver.close();
    }
    await rm(folder, { recursive: true });
  });

  test('with a wrong secret is refused in the words of Keystone, and the secret is not told', async () => {
    const driver = cloud.openWith({ ...NOBODY, OS_APPLICATION_CREDENTIAL_ID: credential.id, OS_APPLICATION_CREDENTIAL_SECRET: 'not-the-secret' });
    const { ready, message } = await driver.status(signal);
    expect(ready).toBe(false);
    expect(message).toMatch(/^logging in to Keystone: .*authentication/);
    expect(message).not.toContain('not-the-secret');
    await driver.close();
  });
});
