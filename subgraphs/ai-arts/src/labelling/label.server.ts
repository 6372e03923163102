import { badInput } from '@hutong/common';
import { pathInvalid } from '../errors.js';
import { PROJECT, type LabelServerSettings } from './environment.js';

/** What a project is called on label servers: a number, a UUID or a short name. */
const PROJECT_ID = /^(?!\.{1,2}$)[\w.-]{1,100}$/;
/** Leads elsewhere for those who look at paths without decoding them, and for those who decode and look again; with `;` for servlets, too. */
const DOTS = /(?:^|\/)\.{1,2}(?:;[^/]*)?(?:\/|$)/;
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\0-\x1f\x7f]/;
/** How often a path may be encoded anew. */
const MOST_ENCODINGS = 3;

/** Where things are on the label server. Every address leads to it, whatever a caller sends. */
export class LabelServer {
  readonly #settings: LabelServerSettings;
  readonly #base: URL;
  readonly #public: URL;

  constructor(settings: LabelServerSettings) {
    this.#settings = settings;
    this.#base = new URL(settings.url);
    this.#public = new URL(settings.publicUrl);
  }

  /** For example `http://10.0.0.7:8080`. */
  get origin(): string {
    return this.#base.origin;
  }

  /** Host and port. */
  get host(): string {
    return this.#base.host;
  }

  /** Whom assertions are for. */
  get audience(): string {
    return this.#settings.url;
  }

  /**
   * Path and query on the server's origin for what stands behind our own path.
   *
   * @param rest empty, or begins with `/` or `?`
   * @throws PATH_INVALID when it leads out of the server's path
   */
  pathOf(rest: string): string {
    requireInside(rest.split('?', 1)[0]!);
    return withSlash(this.#folder + rest);
  }

  /** The page that browsers go to for the same. @throws PATH_INVALID */
  pageOf(rest: string): string {
    requireInside(rest.split('?', 1)[0]!);
    return this.#settings.publicUrl + withSlash(rest);
  }

  /** The page of a project. */
  projectPage(project: string): string {
    return this.#settings.publicUrl + filled(this.#settings.projectPath, project);
  }

  /** Where a project's labels are, as path and query on the server's origin. */
  exportPath(project: string): string {
    return this.#folder + filled(this.#settings.exportPath, project);
  }

  /**
   * Where an address leads that the server named in an answer.
   *
   * @param asked path and query that it was asked for, which a relative one starts from
   * @returns `rest` behind our own path for what is the server's own, `elsewhere` for any other; undefined for what is none of HTTP
   */
  locate(location: string, asked: string): { rest: string } | { elsewhere: string } | undefined {
    const to = URL.parse(location, this.origin + asked);
    if (!to || !/^https?:$/.test(to.protocol)) return undefined;
    const rest = restBelow(this.#base, to) ?? restBelow(this.#public, to);
    if (rest !== undefined) return { rest };
    return { elsewhere: to.origin === this.origin ? this.#public.origin + to.href.slice(to.origin.length) : to.href };
  }

  /** Empty at the root. */
  get #folder(): string {
    return folderOf(this.#base);
  }
}

/** @throws BAD_INPUT */
export function checkedProject(field: string, project: string): string {
  if (!PROJECT_ID.test(project)) throw badInput({ field, problem: 'expected the id of a project: 1 to 100 letters, digits, ".", "_" and "-"' });
  return project;
}

/** @throws PATH_INVALID */
function requireInside(path: string): void {
  let read = path;
  for (let left = MOST_ENCODINGS; left >= 0; left -= 1) {
    if (DOTS.test(read.replaceAll('\\', '/'))) throw pathInvalid({ path, problem: 'the path leads elsewhere by . or ..' });
    if (CONTROL.test(read)) throw pathInvalid({ path, problem: 'the path has a control character' });
    const next = read.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    if (next === read) return;
    read = next;
  }
  throw pathInvalid({ path, problem: 'the path is percent-encoded again and again' });
}

const folderOf = ({ pathname }: URL): string => pathname.replace(/\/+$/, '');

/** What of an address stands behind another; undefined when it is not below that. */
function restBelow(base: URL, to: URL): string | undefined {
  const folder = folderOf(base);
  const isBelow = to.origin === base.origin && (to.pathname === folder || to.pathname.startsWith(`${folder}/`));
  return isBelow ? to.pathname.slice(folder.length) + to.search + to.hash : undefined;
}

const filled = (template: string, project: string): string => template.replaceAll(PROJECT, project);

const withSlash = (path: string): string => (path === '' || path.startsWith('?') ? `/${path}` : path);
