import { readSettings, settingTypes } from '@hutong/common';

/** Settings of `npm run demo`: where the platform is, and who comes. */
export const demoSettings = {
  HUTONG_URL: { schema: settingTypes.optionalUrl('http', 'https'), example: 'https://hutong.example.org', about: 'Address of the platform that `npm run demo` shows. Empty: port `PORT` of this machine.' },
  HUTONG_TOKEN: { schema: settingTypes.optionalText(), example: 'ht_…', about: 'Ticket or API token of an administrator for `npm run demo`, instead of `HUTONG_ADMIN_PASSWORD`.' },
  PORT: { schema: settingTypes.integer(0, 65_535), default: '4000', example: '4000', about: 'Port of the platform.' },
  HUTONG_ADMIN_PASSWORD: { schema: settingTypes.optionalText(), example: 'correct-horse-battery', about: 'Password of the user admin.' },
  INIT_CWD: { schema: settingTypes.optionalText(), example: '/home/alice', about: 'Set by npm: where the command was given, from where file names are taken.' },
};

/** What the demo is told by its environment. */
export interface DemoEnvironment {
  /** Without a slash at the end. */
  url: string;
  token: string | undefined;
  password: string | undefined;
  workingDirectory: string;
}

/** @throws SettingError, whose message is the one line to stop with */
export function readDemoEnvironment(): DemoEnvironment {
  const { HUTONG_URL: url, HUTONG_TOKEN: token, PORT: port, HUTONG_ADMIN_PASSWORD: password, INIT_CWD: workingDirectory } = readSettings(demoSettings, process.env);
  return { url: (url ?? `http://127.0.0.1:${port}`).replace(/\/+$/, ''), token, password, workingDirectory: workingDirectory ?? process.cwd() };
}
