import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { EngineError } from '../engine.js';
import type { SlurmSettings } from './slurm.settings.js';

/** How long a token from `scontrol` is good for. */
const LIFETIME_SECONDS = 3_600;
/** A token is used up to this part of its time. */
const USED_PART = 0.8;
/** How often a file is read again whose token does not say when it ends. */
const FILE_MS = 60_000;
const SCONTROL_MS = 60_000;
/** No token is made younger than this: a slurmctld that is away looks like a refused token. */
const YOUNG_MS = 10_000;

interface Token {
  value: string;
  since: number;
  until: number;
}

/** The JWT that slurmrestd is shown: from a file, or from `scontrol token`, and a new one before it ends. */
export class SlurmToken {
  #current: Token | undefined;
  #asked: Promise<Token> | undefined;

  constructor(private readonly settings: Pick<SlurmSettings, 'url' | 'user' | 'tokenFile' | 'scontrol'>) {}

  /**
   * The token; undefined where slurmrestd knows who we are by its socket.
   *
   * @throws UNAUTHORIZED when there is none to be had, UNREACHABLE when slurmctld does not answer scontrol
   */
  async value(): Promise<string | undefined> {
    if (this.settings.tokenFile === undefined && this.settings.url.startsWith('unix:')) return undefined;
    if (this.#current && Date.now() < this.#current.until) return this.#current.value;
    this.#asked ??= this.#new().finally(() => (this.#asked = undefined));
    return (this.#current = await this.#asked).value;
  }

  /** It was perhaps refused: the next one is another. Answers whether there can be another. */
  discard(value: string | undefined): boolean {
    if (value === undefined || this.#current?.value !== value || Date.now() - this.#current.since < YOUNG_MS) return false;
    this.#current = undefined;
    return true;
  }

  async #new(): Promise<Token> {
    const value = this.settings.tokenFile === undefined ? await this.#fromScontrol() : await fromFile(this.settings.tokenFile);
    const since = Date.now();
    const end = endOf(value);
    if (this.settings.tokenFile !== undefined) return { value, since, until: since + Math.min(FILE_MS, end === undefined ? FILE_MS : Math.max(0, end - since) * USED_PART) };
    return { value, since, until: since + Math.max(0, (end ?? since + LIFETIME_SECONDS * 1_000) - since) * USED_PART };
  }

  async #fromScontrol(): Promise<string> {
    const { scontrol, user } = this.settings;
    try {
      const { stdout } = await promisify(execFile)(scontrol, ['token', `username=${user}`, `lifespan=${LIFETIME_SECONDS}`], { timeout: SCONTROL_MS });
      return tokenIn(stdout, `what ${scontrol} answers`);
    } catch (error) {
      if (error instanceof EngineError) throw error;
      const { code, stderr = '' } = error as NodeJS.ErrnoException & { stderr?: string };
      const words = stderr.replaceAll(/\s+/g, ' ').trim();
      if (code === 'ENOENT') throw new EngineError('UNAUTHORIZED', `there is no program ${scontrol} to get a token from; set ENGINE_SLURM_TOKEN_FILE or ENGINE_SLURM_SCONTROL`, { cause: error });
      throw new EngineError(/contact|connect|timed out|time out/i.test(words) ? 'UNREACHABLE' : 'UNAUTHORIZED', `scontrol gives no token for ${user}: ${words || 'it took too long'}`, { cause: error });
    }
  }
}

async function fromFile(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new EngineError('UNAUTHORIZED', `ENGINE_SLURM_TOKEN_FILE cannot be read (${error.code})`, { cause: error });
  });
  return tokenIn(text, 'ENGINE_SLURM_TOKEN_FILE');
}

/** Alone, or as scontrol writes it: `SLURM_JWT=…`. */
function tokenIn(text: string, place: string): string {
  const token = /^(?:SLURM_JWT=)?([\w-]+\.[\w-]+\.[\w-]+)\s*$/.exec(text.trim())?.[1];
  if (token === undefined) throw new EngineError('UNAUTHORIZED', `${place} is no JWT`);
  return token;
}

/** When it ends, in milliseconds since 1970; undefined when it does not say. */
function endOf(token: string): number | undefined {
  try {
    const { exp } = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { exp?: unknown };
    return typeof exp === 'number' ? exp * 1_000 : undefined;
  } catch {
    return undefined;
  }
}
