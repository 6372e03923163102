import { readSettings, settingTypes, type Setting } from '@hutong/common';

const MIB = 2 ** 20;
/** Where the project's id goes. */
export const PROJECT = '{project}';
/** As long as the output of the hash that it keys (RFC 7518, 3.2). */
const SECRET_LENGTH = 32;

const isPlain = (text: string | undefined): boolean => {
  if (text === undefined) return true;
  const { username, password, search, hash } = new URL(text);
  return username === '' && password === '' && search === '' && hash === '';
};
const address = () => settingTypes.optionalUrl('http', 'https').refine(isPlain, 'expected a URL without user, password, query and fragment');
const projectPath = () => settingTypes.text().refine((text) => /^\/(?!\/)[!-~]*$/.test(text) && text.includes(PROJECT), `expected a path that begins with / and has ${PROJECT} in it`);

/** Every setting of annotations. */
export const labellingEnvironment = {
  LABEL_SERVER_URL: { schema: address(), example: 'http://labels.example.org:8080', about: 'Where the label server answers, for annotations; a path may follow. Empty: there is none.' },
  LABEL_SERVER_PUBLIC_URL: { schema: address(), example: 'https://labels.example.org', about: 'Where browsers reach the label server. Empty: at `LABEL_SERVER_URL`.' },
  LABEL_SERVER_SECRET: {
    schema: settingTypes.optionalSecret().refine((text) => text === undefined || text.length >= SECRET_LENGTH, `expected at least ${SECRET_LENGTH} characters`),
    example: 'a-secret-of-at-least-32-characters',
    about: 'What the label server verifies our assertions of callers with (HS256). Empty: they are signed with a key of our own (EdDSA), and it takes the public one from `/ai_arts/jwks.json`.',
  },
  LABEL_SERVER_IDLE_SECONDS: { schema: settingTypes.integer(1, 600), default: '60', example: '120', about: 'How long the label server may take until it begins to answer, and pause while it does.' },
  LABEL_SERVER_BODY_BYTES: { schema: settingTypes.integer(0, Number.MAX_SAFE_INTEGER), default: String(1024 * MIB), example: '10485760', about: 'Largest body of a request that is passed through to the label server.' },
  LABEL_PROJECT_PATH: { schema: projectPath(), default: '/projects/{project}', example: '/projects/{project}/data', about: 'The page of a project on the label server, `{project}` standing for its id.' },
  LABEL_EXPORT_PATH: {
    schema: projectPath(),
    default: '/api/projects/{project}/export?exportType=COCO',
    example: '/api/projects/{project}/coco',
    about: 'Where the label server gives the labels of a project in COCO form, as JSON or as a zip with one JSON file in it.',
  },
  LABEL_IMPORT_BYTES: { schema: settingTypes.integer(1, 512 * MIB), default: String(64 * MIB), example: '268435456', about: 'Largest labels of a project that are imported; checking them takes up to sixteen times as much memory for a moment.' },
} satisfies Record<string, Setting<unknown>>;

/** A label server as we reach it. */
export interface LabelServerSettings {
  /** Without a slash at its end. */
  url: string;
  /** The same for browsers. */
  publicUrl: string;
  /** Empty: assertions are signed with a key of our own. */
  secret: string | undefined;
  idleMs: number;
  bodyBytes: number;
  projectPath: string;
  exportPath: string;
  importBytes: number;
}

const withoutSlash = (url: string): string => new URL(url).href.replace(/\/+$/, '');

/** Undefined where there is none. @throws SettingError */
export function readLabelServerSettings(environment: Readonly<Record<string, string | undefined>>): LabelServerSettings | undefined {
  const values = readSettings(labellingEnvironment, environment);
  const url = values.LABEL_SERVER_URL;
  if (url === undefined) return undefined;
  return {
    url: withoutSlash(url),
    publicUrl: withoutSlash(values.LABEL_SERVER_PUBLIC_URL ?? url),
    secret: values.LABEL_SERVER_SECRET,
    idleMs: values.LABEL_SERVER_IDLE_SECONDS * 1_000,
    bodyBytes: values.LABEL_SERVER_BODY_BYTES,
    projectPath: values.LABEL_PROJECT_PATH,
    exportPath: values.LABEL_EXPORT_PATH,
    importBytes: values.LABEL_IMPORT_BYTES,
  };
}
