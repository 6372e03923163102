import { settingTypes, type Setting } from '../environment/settings.js';

/** What every process of the platform may be told in the same words, beside its own. */
export const processSettings = {
  HOST: { schema: settingTypes.text(), default: '127.0.0.1', example: '0.0.0.0', about: 'Address to listen on.' },
  LOG_LEVEL: { schema: settingTypes.oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'), default: 'info', example: 'warn', about: 'What is logged, as JSON lines, to stderr.' },
} satisfies Record<string, Setting<unknown>>;
