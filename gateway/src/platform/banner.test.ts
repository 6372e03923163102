import { expect, test } from 'vitest';
import { banner, type BannerFacts } from './banner.js';

const facts: BannerFacts = { host: '127.0.0.1', port: 4000, playground: true, production: false, admin: undefined, workers: 1, seconds: 1.23 };

test('a later start names the addresses and something to try', () => {
  const text = banner(facts);
  for (const address of ['/graphql', '/', '/api/v1/', '/api/', '/cloud_api/', '/readyz']) expect(text).toContain(`http://127.0.0.1:4000${address}\n`.trimEnd());
  expect(text).toContain(`curl -s http://127.0.0.1:4000/graphql -H 'Content-Type: application/json' -d '{"query":"{ __typename }"}'`);
  expect(text).not.toContain('password');
});

test('the first start shows a password that was made up, in a line that logs in', () => {
  const text = banner({ ...facts, admin: { username: 'admin', password: 'pa-ss_1' } });
  expect(text).toContain('the password is shown this once:  pa-ss_1');
  expect(text).toContain(`-d '{"username":"admin","password":"pa-ss_1"}'`);
});

test('a password that was given is not shown', () => {
  expect(banner({ ...facts, admin: { username: 'admin', password: undefined } })).toContain('the password of HUTONG_ADMIN_PASSWORD');
});

test('addresses work when pasted, whatever is listened on, and other machines are warned of outside production', () => {
  expect(banner(facts)).not.toContain('Careful');
  expect(banner({ ...facts, host: '::1' })).toContain('http://[::1]:4000/graphql');
  const open = banner({ ...facts, host: '0.0.0.0' });
  expect(open).toContain('http://127.0.0.1:4000/graphql');
  expect(open).toContain('Careful: 0.0.0.0 can be reached from other machines');
  expect(banner({ ...facts, host: '0.0.0.0', production: true })).not.toContain('Careful');
});

test('without a playground none is named', () => {
  expect(banner({ ...facts, playground: false })).not.toContain('Playground');
});
