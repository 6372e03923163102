import { startEmbeddedPostgres, subgraphNames, type EmbeddedPostgres } from '@hutong/common';
import type { GatewaySettings } from '../environment.js';
import type { PlatformStart } from './platform.js';

/** Whether a subgraph of this process has no database but the embedded one. */
export const needsEmbeddedDatabase = ({ databaseUrl, databaseUrls, subgraphUrls }: GatewaySettings): boolean =>
  databaseUrl === undefined && subgraphNames.some((name) => subgraphUrls[name] === undefined && databaseUrls[name] === undefined);

/** Starts it. @throws DatabaseStartError */
export function embeddedDatabase({ settings, terminal, log, signal, onDatabaseLost }: PlatformStart): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({
    dataDirectory: settings.dataDirectory,
    onProgress: (line) => terminal.say(line),
    onExit: onDatabaseLost,
    log,
    signal,
  });
}
