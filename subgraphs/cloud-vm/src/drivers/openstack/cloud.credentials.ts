import { SettingError } from '@hutong/common';
import type { KeystoneName, OpenStackCredentials } from './openstack.settings.js';

/** The keys that `clouds.yaml` has under `auth`, and the environment as `OS_…`. */
export const AUTH_KEYS = [
  'auth_url',
  'username',
  'user_id',
  'password',
  'user_domain_name',
  'user_domain_id',
  'project_name',
  'project_id',
  'project_domain_name',
  'project_domain_id',
  'application_credential_id',
  'application_credential_name',
  'application_credential_secret',
] as const;

export type Auth = Partial<Record<(typeof AUTH_KEYS)[number], string>>;

/**
 * What Keystone is shown, from keys of either source; an application credential comes before a password.
 *
 * @param keyName what the person who reads the message calls a key
 */
export function credentialsFrom(auth: Auth, keyName: (key: keyof Auth) => string): OpenStackCredentials {
  const required = (key: keyof Auth): string => {
    const value = auth[key];
    if (!value) throw new SettingError(`${keyName(key)}: expected a text, got nothing`);
    return value;
  };
  const named = (kind: 'user' | 'project'): KeystoneName => {
    const id = auth[`${kind}_id`];
    if (id) return { id };
    const name = required(kind === 'user' ? 'username' : 'project_name');
    const [domainId, domainName] = [auth[`${kind}_domain_id`], auth[`${kind}_domain_name`]];
    return { name, domain: domainId || !domainName ? { id: domainId ?? 'default' } : { name: domainName } };
  };
  const id = auth.application_credential_id;
  if (id) return { kind: 'application', id, secret: required('application_credential_secret') };
  const name = auth.application_credential_name;
  if (name) return { kind: 'application', name, user: named('user'), secret: required('application_credential_secret') };
  return { kind: 'password', user: named('user'), password: required('password'), project: named('project') };
}
