import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkSecret, notebookOriginSetting, processSettings, readSettings, settingTypes, subgraphClientSetting, subgraphDatabaseSettings, subgraphDatabaseUrls, subgraphUrls, subgraphUrlSettings, uploadLimits, type HttpClientName, type Setting, type UploadLimits } from '@hutong/common';
import { telemetryOf, telemetrySettings, type TelemetrySettings } from '@hutong/common/telemetry';
import { contractSettings, contractSettingsOf, type ContractSettings } from '@hutong/rest-compat/settings';
import type { PlanExecutorName } from './federation/executor/plan.executor.js';
import type { Limits } from './limits/limits.js';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const LARGEST = 2_147_483_647;

const count = (standard: number, about: string): Setting<number> => ({
  schema: settingTypes.integer(1, LARGEST),
  default: String(standard),
  example: String(standard),
  about,
});

const optionalPort = (lowest: number) =>
  settingTypes
    .optionalText()
    .transform((text) => (text === undefined ? undefined : Number(text)))
    .refine((port) => port === undefined || (Number.isInteger(port) && port >= lowest && port <= 65_535), `expected an integer from ${lowest} to 65535`);

/** A switch that is on in development and off in production unless it is set. */
const developmentSwitch = (about: string): Setting<boolean | undefined> => ({
  schema: settingTypes.flag().optional(),
  example: 'true',
  about,
});

/** Every setting of the gateway and of the platform as one process. */
export const gatewaySettings = {
  PORT: { schema: settingTypes.integer(0, 65_535), default: '4000', example: '4000', about: 'Port to listen on; 0 takes a free one.' },
  HUTONG_WORKERS: { schema: settingTypes.integer(1, 64), default: '1', example: '4', about: 'Processes that share the ports, each of them the whole platform but for the embedded database. 1: everything in one process.' },
  ...processSettings,
  NODE_ENV: { schema: settingTypes.text(), default: 'development', example: 'production', about: 'With production: no playground, no introspection and no metrics unless switched on, no field suggestions.' },
  NOTEBOOK_ORIGIN: notebookOriginSetting,
  NOTEBOOK_PORT: { schema: optionalPort(0), example: '4010', about: 'Port of notebooks, on `HOST`; 0 takes a free one. Empty: `PORT` + 10.' },
  ...telemetrySettings,
  METRICS_PORT: { schema: optionalPort(1), example: '9464', about: 'Port of its own for /metrics, on HOST. Empty: that of the gateway.' },
  HUTONG_DATA_DIR: { schema: settingTypes.text(), default: '.hutong', example: '/var/lib/hutong', about: 'Folder of the embedded database, taken from the root of the repository.' },
  DATABASE_URL: { schema: settingTypes.optionalUrl('postgres', 'postgresql'), example: 'postgres://hutong@db/hutong', about: 'PostgreSQL of all subgraphs without one of their own. Empty: the embedded one.' },
  ...subgraphDatabaseSettings,
  HUTONG_ADMIN_PASSWORD: { schema: settingTypes.optionalText(), example: 'correct-horse-battery', about: 'Password of the first user, admin, used on the first start only. Empty: a random one is made and printed once.' },
  HUTONG_SECRET: { schema: settingTypes.optionalSecret(), example: 'a-long-random-text', about: 'What the platform derives its keys from. Empty: made at the first start and kept in the data folder.' },
  ...subgraphUrlSettings,
  SUPERGRAPH_FILE: { schema: settingTypes.optionalText(), example: '/etc/hutong/supergraph.graphql', about: 'The supergraph, read at the start, when it changes and on SIGHUP. Empty: composed of the subgraphs in this process, and the committed one where one is elsewhere.' },
  ...contractSettings,
  PLAYGROUND: developmentSwitch('Whether / is the playground. Empty: only outside production, and where any operation may be run.'),
  INTROSPECTION: developmentSwitch('Whether clients may ask for the schema. Empty: only outside production.'),
  HUTONG_TRUSTED_OPERATIONS: { schema: settingTypes.optionalText(), example: '/etc/hutong/operations.json', about: 'The only operations that clients may run: a persisted-query manifest of Apollo, a JSON object of documents by id, or a folder of .graphql files; read at the start and on SIGHUP. Empty: any.' },
  LIMIT_VALUES: count(100_000, 'Values in the JSON of a GraphQL request: texts, numbers, lists and objects.'),
  LIMIT_CHARACTERS: count(15_000, 'Characters of a GraphQL document.'),
  LIMIT_TOKENS: count(1_000, 'Tokens of a GraphQL document.'),
  LIMIT_DEPTH: count(10, 'How deep fields nest; introspection does not count.'),
  LIMIT_ALIASES: count(15, 'Aliases of an operation.'),
  LIMIT_DIRECTIVES: count(50, 'Directives of an operation.'),
  LIMIT_ROOT_FIELDS: count(20, 'Root fields of an operation.'),
  LIMIT_FIELD_COMPARISONS: count(10_000, 'Fields of an operation and pairs of them with one name at one place, 100 times `id` being 4,950 pairs.'),
  LIMIT_COST: count(5_000, 'Fields that may have to be answered, those of a list times its page size.'),
  LIMIT_PLANNING_MS: count(500, 'Milliseconds of processor time that making the plan of an operation may take.'),
  PLAN_EXECUTOR: { schema: settingTypes.oneOf('compiled', 'apollo'), default: 'compiled', example: 'apollo', about: 'What carries out query plans: `compiled` (ours, which compiles each plan once), or `apollo` (the executor of @apollo/gateway).' },
  SUBGRAPH_SHARED_QUERIES: { schema: settingTypes.flag(), default: 'true', example: 'false', about: 'Whether equal queries of one caller that are under way at once are run once, and so are their equal fetches from subgraphs elsewhere.' },
  SUBGRAPH_HTTP_CLIENT: subgraphClientSetting,
  SUBGRAPH_TIMEOUT_SECONDS: { schema: settingTypes.integer(1, 86_400), default: '30', example: '30', about: 'How long one fetch from a subgraph may take.' },
  LIMIT_SUBSCRIPTIONS: count(100, 'Operations that run at once on one WebSocket.'),
  WEBSOCKET_INIT_SECONDS: { schema: settingTypes.integer(1, 3_600), default: '10', example: '10', about: 'How long a new WebSocket may take to say connection_init.' },
  CREDENTIAL_CACHE_SECONDS: { schema: settingTypes.integer(1, 30), default: '30', example: '30', about: 'How long a credential is believed without being asked for again, while revocations are heard.' },
} satisfies Record<string, Setting<unknown>>;

/** The settings as the gateway uses them. */
export interface GatewaySettings {
  port: number;
  /** Processes that share the ports. */
  workers: number;
  host: string;
  /** Undefined: the same host, on the port of notebooks. */
  notebookOrigin: string | undefined;
  notebookPort: number;
  production: boolean;
  logLevel: string;
  telemetry: TelemetrySettings;
  /** Undefined: metrics are on the gateway's port. */
  metricsPort: number | undefined;
  dataDirectory: string;
  databaseUrl: string | undefined;
  /** By subgraph, where it has a database of its own. */
  databaseUrls: Readonly<Record<string, string | undefined>>;
  adminPassword: string | undefined;
  /** Undefined: the one kept in the data folder. */
  secret: string | undefined;
  /** By subgraph, where it is in another process. */
  subgraphUrls: Readonly<Record<string, string | undefined>>;
  supergraphFile: string | undefined;
  trustedProxies: string[];
  contracts: ContractSettings;
  /** The file or folder of the only operations that clients may run; undefined: any. */
  trustedOperations: string | undefined;
  playground: boolean;
  introspection: boolean;
  limits: Limits;
  uploads: UploadLimits;
  subgraphTimeoutMs: number;
  subgraphSharedQueries: boolean;
  subgraphClient: HttpClientName;
  planExecutor: PlanExecutorName;
  /** Operations that run at once on one WebSocket. */
  subscriptionsOfConnection: number;
  websocketInitMs: number;
  credentialCacheMs: number;
}

/** Reads the settings from the process environment; throws a `SettingError` for the first bad one. */
export function readGatewaySettings(environment: Readonly<Record<string, string | undefined>> = process.env): GatewaySettings {
  const values = readSettings(gatewaySettings, environment);
  const production = values.NODE_ENV === 'production';
  const urls = subgraphUrls(values);
  checkSecret(values.HUTONG_SECRET, urls);
  return {
    port: values.PORT,
    workers: values.HUTONG_WORKERS,
    host: values.HOST,
    notebookOrigin: values.NOTEBOOK_ORIGIN,
    notebookPort: values.NOTEBOOK_PORT ?? (values.PORT === 0 ? 0 : Math.min(values.PORT + 10, 65_535)),
    production,
    logLevel: values.LOG_LEVEL,
    telemetry: telemetryOf(values, !production || values.METRICS_PORT !== undefined),
    metricsPort: values.METRICS_PORT,
    dataDirectory: path.resolve(REPOSITORY, values.HUTONG_DATA_DIR),
    databaseUrl: values.DATABASE_URL,
    databaseUrls: subgraphDatabaseUrls(values),
    adminPassword: values.HUTONG_ADMIN_PASSWORD,
    secret: values.HUTONG_SECRET,
    subgraphUrls: urls,
    supergraphFile: values.SUPERGRAPH_FILE,
    trustedProxies: values.TRUSTED_PROXIES,
    contracts: contractSettingsOf(values),
    trustedOperations: values.HUTONG_TRUSTED_OPERATIONS && path.resolve(REPOSITORY, values.HUTONG_TRUSTED_OPERATIONS),
    playground: values.PLAYGROUND ?? (!production && !values.HUTONG_TRUSTED_OPERATIONS),
    introspection: values.INTROSPECTION ?? !production,
    limits: {
      bodyBytes: values.LIMIT_BODY_BYTES,
      values: values.LIMIT_VALUES,
      characters: values.LIMIT_CHARACTERS,
      tokens: values.LIMIT_TOKENS,
      depth: values.LIMIT_DEPTH,
      aliases: values.LIMIT_ALIASES,
      directives: values.LIMIT_DIRECTIVES,
      rootFields: values.LIMIT_ROOT_FIELDS,
      fieldComparisons: values.LIMIT_FIELD_COMPARISONS,
      cost: values.LIMIT_COST,
      planningMs: values.LIMIT_PLANNING_MS,
      responseBytes: values.LIMIT_RESPONSE_BYTES,
      requestMs: values.REQUEST_TIMEOUT_SECONDS * 1_000,
    },
    uploads: uploadLimits(values),
    subgraphTimeoutMs: values.SUBGRAPH_TIMEOUT_SECONDS * 1_000,
    // A worker does not know what was changed through another one.
    subgraphSharedQueries: values.SUBGRAPH_SHARED_QUERIES && values.HUTONG_WORKERS === 1,
    subgraphClient: values.SUBGRAPH_HTTP_CLIENT,
    planExecutor: values.PLAN_EXECUTOR,
    subscriptionsOfConnection: values.LIMIT_SUBSCRIPTIONS,
    websocketInitMs: values.WEBSOCKET_INIT_SECONDS * 1_000,
    credentialCacheMs: values.CREDENTIAL_CACHE_SECONDS * 1_000,
  };
}

/** The environment that processes started by this one begin with. */
export const inheritedEnvironment = (): Record<string, string | undefined> => ({ ...process.env });
