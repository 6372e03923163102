import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fillTemplate, templateFault, type Placeholder } from './url-template.js';

const values: Record<Placeholder, string> = { ip: 'fd00::5', port: '9000', task_id: '7', computing_resource_id: '9', computing_id: 'F0.5' };
const fill = (template: string) => fillTemplate(template, (name) => values[name]);

test('values stand percent-encoded, and an IPv6 address in brackets where the host stands', () => {
  expect(fill('http://{ip}:{port}/t/{task_id}?r={computing_resource_id}&c={computing_id}&ip={ip}')).toBe('http://[fd00::5]:9000/t/7?r=9&c=F0.5&ip=fd00%3A%3A5');
});

test('a template without placeholders is answered as it is', () => {
  expect(templateFault('https://gate.example/start')).toBeUndefined();
  expect(fill('https://gate.example/start')).toBe('https://gate.example/start');
});

test('a template that could not become a URL is refused for what is wrong with it', () => {
  const faults = {
    'http://{host}/': 'got {host}',
    'http://{}/': 'got {}',
    'http://x.example/{ip': 'every { closed by a }',
    'ftp://{ip}/': 'an http or https URL',
    '{ip}': 'an http or https URL',
    'http://{ip}:{computing_id}/': 'an http or https URL',
    'http://x.example/a b': 'whitespace',
    'http://user:pw@{ip}/': 'without user and password',
    '': 'an http or https URL',
    [`http://x.example/${'a'.repeat(2_100)}`]: 'at most 2048 characters',
  };
  for (const [template, fault] of Object.entries(faults)) expect(templateFault(template), template).toContain(fault);
});

test('whatever a value is, it cannot leave its place in the path', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()), (value) => {
      const url = new URL(fillTemplate('https://gate.example/a/{task_id}/b?x=1', () => value));
      expect([url.host, url.search, url.hash]).toEqual(['gate.example', '?x=1', '']);
    }),
  );
});
