import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSettings, settingTypes } from '@hutong/common';
import { z } from 'zod';
import { MAXIMUM_PASSWORD_LENGTH, MINIMUM_PASSWORD_LENGTH } from './password/password.rules.js';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));

/** Settings of this subgraph and its command-line tools. */
export const machinesSettings = {
  HUTONG_ADMIN_PASSWORD: {
    schema: z
      .string()
      .min(MINIMUM_PASSWORD_LENGTH, `expected at least ${MINIMUM_PASSWORD_LENGTH} characters`)
      .max(MAXIMUM_PASSWORD_LENGTH, `expected at most ${MAXIMUM_PASSWORD_LENGTH} characters`)
      .optional(),
    example: 'correct-horse-battery',
    about: 'Password of the first user, admin, used on the first start only. Empty: a random one is made and printed once.',
  },
  LOGIN_FAILURES_PER_USER_AND_ADDRESS: {
    schema: settingTypes.integer(1, 10_000),
    default: '10',
    example: '10',
    about: 'Failed logins of one user from one address within 15 minutes before more are refused.',
  },
  LOGIN_FAILURES_PER_USER: {
    schema: settingTypes.integer(1, 1_000_000),
    default: '100',
    example: '100',
    about: 'Failed logins of one user from everywhere within 15 minutes before each address has one try only.',
  },
  LOGIN_FAILURES_PER_ADDRESS: {
    schema: settingTypes.integer(1, 1_000_000),
    default: '100',
    example: '100',
    about: 'Failed logins from one address (of IPv6: one /64) within 15 minutes before more are refused.',
  },
  PASSWORD_HASH_LOG2_COST: {
    schema: settingTypes.integer(4, 20),
    default: '15',
    example: '16',
    about: 'What a new password hash costs: scrypt with N = 2 to this power. 15 is 32 MiB and some tenths of a second; less is for tests.',
  },
  AUDIT_KEPT_DAYS: {
    schema: settingTypes.integer(1, 36_500),
    default: '400',
    example: '400',
    about: 'Days that entries of the audit log are kept.',
  },
};

const toolSettings = {
  HUTONG_DATA_DIR: { schema: settingTypes.text(), default: '.hutong', example: '/var/lib/hutong', about: 'Folder of the embedded database, taken from the root of the repository.' },
  MACHINES_DATABASE_URL: { schema: settingTypes.optionalUrl('postgres', 'postgresql'), example: 'postgres://hutong@db/machines', about: 'PostgreSQL of this subgraph alone.' },
  DATABASE_URL: { schema: settingTypes.optionalUrl('postgres', 'postgresql'), example: 'postgres://hutong@db/hutong', about: 'PostgreSQL of the platform. Empty: the embedded one.' },
  LOG_LEVEL: { schema: settingTypes.oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'), default: 'warn', example: 'warn', about: 'What the command-line tools log to stderr.' },
  HUTONG_SECRET: { schema: settingTypes.optionalSecret(), example: 'a-long-random-text', about: 'What the platform derives its keys from. Empty: the one kept in the data folder.' },
  INIT_CWD: { schema: settingTypes.optionalText(), example: '/home/alice', about: 'Set by npm: where the command was given, from where file names are taken.' },
};

/** Reads this subgraph's settings; throws a SettingError that names the first faulty one. */
export const readMachinesSettings = () => readSettings(machinesSettings, process.env);

export type MachinesSettings = ReturnType<typeof readMachinesSettings>;

/** Reads what the command-line tools need: where the database is, and where file names start from. */
export function readToolSettings(): { databaseUrl: string | undefined; secret: string | undefined; dataDirectory: string; logLevel: string; workingDirectory: string } {
  const settings = readSettings(toolSettings, process.env);
  return {
    databaseUrl: settings.MACHINES_DATABASE_URL ?? settings.DATABASE_URL,
    secret: settings.HUTONG_SECRET,
    dataDirectory: path.resolve(REPOSITORY, settings.HUTONG_DATA_DIR),
    logLevel: settings.LOG_LEVEL,
    workingDirectory: settings.INIT_CWD ?? process.cwd(),
  };
}
