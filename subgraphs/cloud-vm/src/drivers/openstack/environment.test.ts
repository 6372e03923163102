import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { namesOpenStack, readOpenStackSettings } from './environment.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hutong-clouds-'));
});
afterEach(() => rm(folder, { recursive: true }));

const OPENRC = { OS_AUTH_URL: 'http://127.0.0.1:5000/v3', OS_USERNAME: 'hutong', OS_PASSWORD: 'word', OS_PROJECT_NAME: 'exams' };

const CLOUDS = `
clouds:
  school:
    auth:
      auth_url: https://keystone.example.org:5000
      application_credential_id: 21dced
      application_credential_secret: from-clouds
    region_name: RegionTwo
    interface: internalURL
    verify: false
`;

test('the usual variables are enough, and what machines are connected to has the documented defaults', { tags: ['cloud-api/launch/network', 'cloud-api/launch/groups', 'cloud-api/launch/pool'] }, () => {
  const domain = { id: 'default' };
  expect(readOpenStackSettings(OPENRC)).toEqual({
    authUrl: 'http://127.0.0.1:5000/v3',
    credentials: { kind: 'password', user: { name: 'hutong', domain }, password: 'word', project: { name: 'exams', domain } },
    region: undefined,
    interface: 'public',
    certificates: undefined,
    verifiesCertificates: true,
    network: 'network_oj',
    internetGroup: 'oj_teacher',
    isolatedGroup: 'oj_exam',
    floatingPool: 'EXT_01',
    connections: 16,
    requestMs: 60_000,
  });
  expect([namesOpenStack(OPENRC), namesOpenStack({ OS_CLOUD: 'school' }), namesOpenStack({})]).toEqual([true, true, false]);
});

test('ids and domains by name are taken, and "none" means no floating addresses', () => {
  const settings = readOpenStackSettings({ ...OPENRC, OS_USER_ID: 'u1', OS_PROJECT_DOMAIN_NAME: 'Schools', CLOUD_OPENSTACK_FLOATING_POOL: 'none' });
  expect(settings).toMatchObject({ floatingPool: undefined, credentials: { user: { id: 'u1' }, project: { name: 'exams', domain: { name: 'Schools' } } } });
});

test('a cloud of clouds.yaml is taken by its name, its secret from secure.yaml', async () => {
  const file = join(folder, 'clouds.yaml');
  await writeFile(file, CLOUDS);
  await writeFile(join(folder, 'secure.yaml'), 'clouds: {school: {auth: {application_credential_secret: from-secure}}}');
  expect(readOpenStackSettings({ OS_CLOUD: 'school', OS_CLIENT_CONFIG_FILE: file })).toMatchObject({
    authUrl: 'https://keystone.example.org:5000',
    credentials: { kind: 'application', id: '21dced', secret: 'from-secure' },
    region: 'RegionTwo',
    interface: 'internal',
    verifiesCertificates: false,
  });
  expect(() => readOpenStackSettings({ OS_CLOUD: 'other', OS_CLIENT_CONFIG_FILE: file })).toThrow(/^OS_CLOUD: .*no cloud "other", only school$/);
});

test('what is missing or wrong is named, and no secret is told', async () => {
  const file = join(folder, 'clouds.yaml');
  expect(() => readOpenStackSettings({ ...OPENRC, OS_PASSWORD: '' })).toThrow(/^OS_PASSWORD: /);
  expect(() => readOpenStackSettings({ ...OPENRC, OS_AUTH_URL: 'keystone' })).toThrow(/^OS_AUTH_URL: expected a URL/);
  expect(() => readOpenStackSettings({ ...OPENRC, OS_CACERT: join(folder, 'none.pem') })).toThrow(/^OS_CACERT: /);
  expect(() => readOpenStackSettings({})).toThrow(/^OS_AUTH_URL: /);
  expect(() => readOpenStackSettings({ OS_CLOUD: 'school', OS_CLIENT_CONFIG_FILE: file })).toThrow(/^OS_CLOUD: there is no .*clouds\.yaml/);
  await writeFile(file, 'clouds: {school: {auth: {password: "a-secret-word}}}');
  expect(() => readOpenStackSettings({ OS_CLOUD: 'school', OS_CLIENT_CONFIG_FILE: file })).toThrow(/is not YAML/);
  expect(() => readOpenStackSettings({ OS_CLOUD: 'school', OS_CLIENT_CONFIG_FILE: file })).not.toThrow(/a-secret-word/);
  await writeFile(file, 'clouds: {school: {auth: {auth_url: "http://127.0.0.1:5000"}}}');
  expect(() => readOpenStackSettings({ OS_CLOUD: 'school', OS_CLIENT_CONFIG_FILE: file })).toThrow('auth.username: expected a text');
});
