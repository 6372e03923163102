import { readFileSync } from 'node:fs';
import { readSettings, SettingError, settingTypes, type Setting } from '@hutong/common';
import { AUTH_KEYS, credentialsFrom, type Auth } from './cloud.credentials.js';
import { readNamedCloud, type NamedCloud } from './clouds.file.js';
import type { OpenStackInterface, OpenStackSettings } from './openstack.settings.js';

const INTERFACES = ['public', 'internal', 'admin'] as const;
const NO_POOL = 'none';

/** Every setting of OpenStack: where it is and who we are, named as everywhere, and what machines are connected to. */
export const openStackEnvironment = {
  OS_CLOUD: { schema: settingTypes.optionalText(), example: 'school', about: 'Name of a cloud in `clouds.yaml`, instead of the settings from `OS_AUTH_URL` on.' },
  OS_CLIENT_CONFIG_FILE: {
    schema: settingTypes.optionalText(),
    example: '/etc/hutong/clouds.yaml',
    about: 'That file. Empty: `clouds.yaml` here, in `~/.config/openstack` or in `/etc/openstack`, with a `secure.yaml` beside it.',
  },
  OS_AUTH_URL: { schema: settingTypes.optionalUrl('http', 'https'), example: 'https://keystone.example.org:5000/v3', about: 'URL of Keystone.' },
  OS_USERNAME: { schema: settingTypes.optionalText(), example: 'hutong', about: 'User that machines are launched as.' },
  OS_USER_ID: { schema: settingTypes.optionalText(), example: '8b2d6f0e5c3a4e0f9d1c7a6b5e4f3d2c', about: 'Its id, instead of name and domain.' },
  OS_PASSWORD: { schema: settingTypes.optionalText(), example: 'a-long-password', about: 'Its password.' },
  OS_USER_DOMAIN_NAME: { schema: settingTypes.optionalText(), example: 'Default', about: 'Domain of the user, by name. Empty: the domain with the id `default`.' },
  OS_USER_DOMAIN_ID: { schema: settingTypes.optionalText(), example: 'default', about: 'Domain of the user, by id.' },
  OS_PROJECT_NAME: { schema: settingTypes.optionalText(), example: 'exams', about: 'Project that machines belong to.' },
  OS_PROJECT_ID: { schema: settingTypes.optionalText(), example: '0f1e2d3c4b5a69788796a5b4c3d2e1f0', about: 'Its id, instead of name and domain.' },
  OS_PROJECT_DOMAIN_NAME: { schema: settingTypes.optionalText(), example: 'Default', about: 'Domain of the project, by name. Empty: the domain with the id `default`.' },
  OS_PROJECT_DOMAIN_ID: { schema: settingTypes.optionalText(), example: 'default', about: 'Domain of the project, by id.' },
  OS_APPLICATION_CREDENTIAL_ID: { schema: settingTypes.optionalText(), example: '21dced0fd20347869b93710d2b98aae0', about: 'An application credential instead of user, password and project.' },
  OS_APPLICATION_CREDENTIAL_NAME: { schema: settingTypes.optionalText(), example: 'hutong', about: 'The same by name, with the user that it belongs to.' },
  OS_APPLICATION_CREDENTIAL_SECRET: { schema: settingTypes.optionalText(), example: 'a-long-secret', about: 'Its secret.' },
  OS_REGION_NAME: { schema: settingTypes.optionalText(), example: 'RegionOne', about: 'Region of the catalogue. Empty: its first.' },
  OS_INTERFACE: { schema: settingTypes.oneOf(...INTERFACES).optional(), example: 'internal', about: 'Which endpoints of the catalogue are used: `public` (when empty), `internal` or `admin`.' },
  OS_CACERT: { schema: settingTypes.optionalText(), example: '/etc/ssl/certs/school.pem', about: "File of certificates to trust instead of the system's." },
  CLOUD_OPENSTACK_NETWORK: { schema: settingTypes.text(), default: 'network_oj', example: 'network_oj', about: 'Network of the machines, by name or id.' },
  CLOUD_OPENSTACK_INTERNET_GROUP: { schema: settingTypes.text(), default: 'oj_teacher', example: 'oj_teacher', about: 'Security group of machines with internet access, by name or id.' },
  CLOUD_OPENSTACK_ISOLATED_GROUP: { schema: settingTypes.text(), default: 'oj_exam', example: 'oj_exam', about: 'Security group of machines without internet access, by name or id.' },
  CLOUD_OPENSTACK_FLOATING_POOL: {
    schema: settingTypes.text(),
    default: 'EXT_01',
    example: 'EXT_01',
    about: 'External network that floating addresses come from, by name or id; `none`: machines are reached at their fixed addresses.',
  },
  CLOUD_OPENSTACK_CONNECTIONS: { schema: settingTypes.integer(1, 1_000), default: '16', example: '32', about: "Connections to each of the cloud's services at a time." },
  CLOUD_OPENSTACK_REQUEST_SECONDS: { schema: settingTypes.integer(1, 600), default: '60', example: '60', about: 'How long the cloud may take for one answer.' },
} satisfies Record<string, Setting<unknown>>;

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether the environment names an OpenStack. */
export const namesOpenStack = (environment: Environment = process.env): boolean => Boolean(environment.OS_CLOUD || environment.OS_AUTH_URL);

/** Reads the settings from the process environment, and from `clouds.yaml` when it names a cloud; throws a `SettingError` for the first bad one. */
export function readOpenStackSettings(environment: Environment = process.env): OpenStackSettings {
  const values = readSettings(openStackEnvironment, environment);
  const cloud = values.OS_CLOUD === undefined ? undefined : readNamedCloud(values.OS_CLOUD, values.OS_CLIENT_CONFIG_FILE);
  const auth = cloud ? authOf(cloud) : (Object.fromEntries(AUTH_KEYS.map((key) => [key, values[settingOf(key)]])) as Auth);
  const nameOf = (key: keyof Auth): string => (cloud ? `OS_CLOUD: ${values.OS_CLOUD}: auth.${key}` : settingOf(key));
  const authUrl = auth.auth_url;
  if (!authUrl || !URL.canParse(authUrl)) throw new SettingError(`${nameOf('auth_url')}: expected the URL of Keystone, for example ${openStackEnvironment.OS_AUTH_URL.example}`);
  const certificates = values.OS_CACERT ?? cloud?.cacert ?? undefined;
  return {
    authUrl,
    credentials: credentialsFrom(auth, nameOf),
    region: values.OS_REGION_NAME ?? cloud?.region_name ?? undefined,
    interface: values.OS_INTERFACE ?? interfaceOf(cloud),
    certificates: certificates === undefined ? undefined : certificatesIn(certificates),
    verifiesCertificates: cloud?.verify ?? true,
    network: values.CLOUD_OPENSTACK_NETWORK,
    internetGroup: values.CLOUD_OPENSTACK_INTERNET_GROUP,
    isolatedGroup: values.CLOUD_OPENSTACK_ISOLATED_GROUP,
    floatingPool: values.CLOUD_OPENSTACK_FLOATING_POOL === NO_POOL ? undefined : values.CLOUD_OPENSTACK_FLOATING_POOL,
    connections: values.CLOUD_OPENSTACK_CONNECTIONS,
    requestMs: values.CLOUD_OPENSTACK_REQUEST_SECONDS * 1_000,
  };
}

const settingOf = <Key extends keyof Auth>(key: Key): `OS_${Uppercase<Key>}` => `OS_${key.toUpperCase()}` as `OS_${Uppercase<Key>}`;

function authOf({ auth }: NamedCloud): Auth {
  return Object.fromEntries(AUTH_KEYS.flatMap((key) => (auth[key] ? [[key, auth[key]]] : [])));
}

/** Older files write `publicURL`. */
function interfaceOf(cloud: NamedCloud | undefined): OpenStackInterface {
  const name = cloud?.interface?.replace(/URL$/, '') ?? 'public';
  const known = INTERFACES.find((one) => one === name);
  if (!known) throw new SettingError(`OS_CLOUD: interface: expected one of ${INTERFACES.join(', ')}, got ${JSON.stringify(name)}`);
  return known;
}

function certificatesIn(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new SettingError(`OS_CACERT: the file cannot be read: ${(error as Error).message}`);
  }
}
