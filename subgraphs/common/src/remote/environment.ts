import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { uploadLimits, uploadSettings, type UploadLimits } from '../uploads/environment.js';
import { processSettings } from '../process/environment.js';
import { readSettings, SettingError, settingTypes, type Setting } from '../environment/settings.js';
import { bySetting, bySubgraph, databaseSetting, knownSubgraph, subgraphNames, subgraphPorts, urlSetting, type DatabaseSetting, type SubgraphName, type UrlSetting } from '../subgraph/subgraph-table.js';
import { USUAL_NOTEBOOK_ORIGIN } from '../routes/subgraph-route.js';
import type { HttpClientName } from './http-client.js';
import { telemetryOf, telemetrySettings, type TelemetrySettings } from '../telemetry/environment.js';

const REPOSITORY = fileURLToPath(new URL('../../../../', import.meta.url));

/** Where subgraphs in other processes are; for the gateway, and for a subgraph's calls to its peers. */
export const subgraphUrlSettings = bySetting(urlSetting, (name): Setting<string | undefined> => ({
  schema: settingTypes.optionalUrl('http', 'https'),
  example: `http://10.0.0.7:${subgraphPorts[name]}`,
  about: `Where ${name} listens. Empty: in the gateway’s process; a subgraph alone looks at port ${subgraphPorts[name]} of its machine.`,
}));

/** Where browsers reach notebooks; for the gateway, and for a subgraph that makes links to them. */
export const notebookOriginSetting: Setting<string | undefined> = {
  schema: settingTypes.optionalUrl('http', 'https').refine((url) => url === undefined || url === new URL(url).origin, 'expected a scheme and a host, and a port where it is not the usual one, with nothing behind'),
  example: 'https://notebooks.example.org',
  about: 'Origin at which browsers reach notebooks, another than that of the API. Empty: the host of `HOST`, with `NOTEBOOK_PORT`.',
};

/** What asks subgraphs in other processes; for the gateway, and for a subgraph's calls to its peers. */
export const subgraphClientSetting: Setting<HttpClientName> = {
  schema: settingTypes.oneOf('lean', 'undici'),
  default: 'lean',
  example: 'undici',
  about: 'What asks subgraphs elsewhere over plain HTTP: `lean` (ours, at half of the cost), or `undici`, which asks over HTTPS and sends files in either case.',
};

/** The databases of subgraphs that have one of their own. */
export const subgraphDatabaseSettings = bySetting(databaseSetting, (name): Setting<string | undefined> => ({
  schema: settingTypes.optionalUrl('postgres', 'postgresql'),
  example: `postgres://hutong@db/${name}`,
  about: `PostgreSQL of ${name} alone.`,
}));

/** The URLs that are set, by subgraph. */
export const subgraphUrls = (values: Readonly<Record<UrlSetting, string | undefined>>): Readonly<Record<SubgraphName, string | undefined>> => bySubgraph(urlSetting, values);

/** The databases that are set, by subgraph. */
export const subgraphDatabaseUrls = (values: Readonly<Record<DatabaseSetting, string | undefined>>): Readonly<Record<SubgraphName, string | undefined>> => bySubgraph(databaseSetting, values);

/** The settings of a subgraph in a process of its own, beside its own. */
export interface SubgraphProcessSettings {
  host: string;
  port: number;
  logLevel: string;
  telemetry: TelemetrySettings;
  dataDirectory: string;
  /** Undefined: the embedded database of the data folder. */
  databaseUrl: string | undefined;
  /** Undefined: the one kept in the data folder. */
  secret: string | undefined;
  /** Where every subgraph is, this one included. */
  urls: Readonly<Record<string, string>>;
  /** What asks its peers. */
  client: HttpClientName;
  uploads: UploadLimits;
  /** Where browsers reach notebooks. */
  notebookOrigin: string;
}

/** Reads the settings of the named subgraph's process; throws a {@link SettingError} for the first bad one. */
export function readSubgraphProcessSettings(name: string, environment: Readonly<Record<string, string | undefined>> = process.env): SubgraphProcessSettings {
  const subgraph = knownSubgraph(name);
  const ownDatabase = databaseSetting(subgraph);
  const values = readSettings(
    {
      PORT: { schema: settingTypes.integer(0, 65_535), default: String(subgraphPorts[subgraph]), example: '4002', about: 'Port to listen on; 0 takes a free one.' },
      ...processSettings,
      NODE_ENV: { schema: settingTypes.text(), default: 'development', example: 'production', about: 'With production: no metrics unless switched on.' },
      HUTONG_DATA_DIR: { schema: settingTypes.text(), default: '.hutong', example: '/var/lib/hutong', about: 'Folder of the embedded database, taken from the root of the repository.' },
      DATABASE_URL: { schema: settingTypes.optionalUrl('postgres', 'postgresql'), example: 'postgres://hutong@db/hutong', about: 'PostgreSQL of this subgraph, where it has none of its own. Empty: the embedded one.' },
      HUTONG_SECRET: { schema: settingTypes.optionalSecret(), example: 'a-long-random-text', about: 'What the platform derives its keys from; the same in every process.' },
      ...subgraphUrlSettings,
      SUBGRAPH_HTTP_CLIENT: subgraphClientSetting,
      NOTEBOOK_ORIGIN: notebookOriginSetting,
      ...telemetrySettings,
      ...uploadSettings,
    },
    environment,
  );
  const own = readSettings({ [ownDatabase]: subgraphDatabaseSettings[ownDatabase] }, environment)[ownDatabase];
  const given = subgraphUrls(values);
  checkSecret(values.HUTONG_SECRET, given);
  return {
    host: values.HOST,
    port: values.PORT,
    logLevel: values.LOG_LEVEL,
    telemetry: telemetryOf(values, values.NODE_ENV !== 'production'),
    dataDirectory: path.resolve(REPOSITORY, values.HUTONG_DATA_DIR),
    databaseUrl: own ?? values.DATABASE_URL,
    secret: values.HUTONG_SECRET,
    urls: Object.fromEntries(subgraphNames.map((peer) => [peer, given[peer] ?? `http://127.0.0.1:${subgraphPorts[peer]}`])),
    client: values.SUBGRAPH_HTTP_CLIENT,
    uploads: uploadLimits(values),
    notebookOrigin: values.NOTEBOOK_ORIGIN ?? USUAL_NOTEBOOK_ORIGIN,
  };
}

/** Processes on several machines have no data folder in common to keep a secret in. @throws SettingError */
export function checkSecret(secret: string | undefined, urls: Readonly<Record<string, string | undefined>>): void {
  if (secret === undefined && Object.values(urls).some((url) => url !== undefined)) {
    throw new SettingError('HUTONG_SECRET: expected a text, the same in every process, as the URL of a subgraph is set, got nothing; for example HUTONG_SECRET=a-long-random-text');
  }
}
