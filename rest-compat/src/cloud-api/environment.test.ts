import { readSettings } from '@hutong/common/process';
import { expect, test } from 'vitest';
import { TrustedNetworks } from '../engine/trusted.networks.js';
import { cloudApiSettings } from './environment.js';

const read = (CLOUD_API_TRUSTED_NETWORKS: string) => new TrustedNetworks(readSettings(cloudApiSettings, { CLOUD_API_TRUSTED_NETWORKS }).CLOUD_API_TRUSTED_NETWORKS);

test('no address is trusted unless a setting says so', { tags: ['cloud-api/form/trusted-default'] }, () => {
  expect(read('').userAt('127.0.0.1')).toBeUndefined();
});

test('addresses stand for the user of the first network that holds them', () => {
  const networks = read(' 10.1.0.0/16=teacher, 10.0.0.0/8 = oj,192.168.1.7=李雷,fd00::/8=v6,::1=local ');
  const users = ['10.1.2.3', '10.2.0.1', '::ffff:10.2.0.1', '192.168.1.7', '192.168.1.8', 'fd00::1', '::1', '11.0.0.1', '', 'unknown'].map((address) => networks.userAt(address));
  expect(users).toEqual(['teacher', 'oj', 'oj', '李雷', undefined, 'v6', 'local', undefined, undefined, undefined]);
});

test.each(['10.0.0.0/8', '10.0.0.0/8=', '=oj', '10.0.0.0/33=oj', 'host=oj', '10.0.0.0/8=oj,nonsense', 'fd00::/129=oj'])('%s stops the start with a line that tells what is expected', (text) => {
  expect(() => read(text)).toThrow(/^CLOUD_API_TRUSTED_NETWORKS: expected networks as CIDR .* for example CLOUD_API_TRUSTED_NETWORKS=10/);
});

test('a launch waits for 120 s unless a setting says otherwise', { tags: ['cloud-api/launch/time-out-default'] }, () => {
  expect(readSettings(cloudApiSettings, {}).CLOUD_API_WAIT_SECONDS).toBe(120);
});

test.each(['0', '601', 'x'])('a wait of %s is refused', (CLOUD_API_WAIT_SECONDS) => {
  expect(() => readSettings(cloudApiSettings, { CLOUD_API_WAIT_SECONDS })).toThrow('expected an integer from 1 to 600');
});
