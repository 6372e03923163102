import { badInput, sql, textFault, type House, type RequestScope } from '@hutong/common';
import { HEADER, type PartKind } from '../computing-identifier/identifier.grammar.js';
import { CodeName } from './code-name.entity.js';
import type { CodeDictionary } from './code-name.dictionary.js';
import { CodeKind, seededNames, type NamedCode } from './code-name.kinds.js';
import type { NameCodeInput } from './code-name.types.js';

const TOPIC = 'code-named';
const LONGEST_NAME = 100;

const PART_OF: Record<CodeKind, (typeof HEADER)[number]['name']> = {
  CITY: 'city',
  INDUSTRY: 'industry',
  ORGANIZATION: 'organization',
  RESOURCE_TYPE: 'resourceType',
  AVAILABILITY_ZONE: 'availabilityZone',
  SERVICE_TYPE: 'serviceType',
};
const CHARACTERS: Record<PartKind, string> = { city: '[0-9]', digits: '[0-9]', letters: '[a-z]' };

/** The names of codes: seeded at the start, changed by admins, known to every process within moments. */
export class CodeNameService {
  readonly #house: House;
  readonly #dictionary: CodeDictionary;
  readonly #stopListening: () => void;

  private constructor(house: House, dictionary: CodeDictionary) {
    this.#house = house;
    this.#dictionary = dictionary;
    this.#stopListening = house.events.onEvent(TOPIC, () => {
      this.#reload().catch((error: unknown) => house.log.warn({ err: error }, 'could not read code names again'));
    });
  }

  /** Adds the seeded names that are missing, leaves edited ones alone, and loads them all. */
  static async open(house: House, dictionary: CodeDictionary): Promise<CodeNameService> {
    const service = new CodeNameService(house, dictionary);
    const seeded = seededNames();
    await sql(
      house.database.em.fork(),
      `insert into compute_registry.code_name (kind, code, name)
       select * from unnest($1::text[], $2::text[], $3::text[]) on conflict do nothing`,
      [seeded.map(({ kind }) => kind), seeded.map(({ code }) => code), seeded.map(({ name }) => name)],
    );
    await service.#reload();
    return service;
  }

  all(kind: CodeKind): CodeName[] {
    return this.#dictionary.all(kind);
  }

  /** Gives a code its name; the same again changes nothing. */
  async name(scope: RequestScope, { kind, code, name }: NameCodeInput): Promise<CodeName> {
    requireCode(kind, code);
    const problem = name.trim() === '' ? 'expected a name, got an empty text' : textFault(name, LONGEST_NAME);
    if (problem !== undefined) throw badInput({ field: 'input.name', problem });
    await scope.em.transactional(async (transaction) => {
      await sql(
        transaction,
        `insert into compute_registry.code_name (kind, code, name) values ($1, $2, $3)
         on conflict (kind, code) do update set name = excluded.name`,
        [kind, code, name],
      );
      await this.#house.events.append(transaction, { topic: TOPIC, subject: `${kind}:${code}`, payload: {} });
    });
    await this.#reload();
    return this.#dictionary.name(kind, code);
  }

  stop(): void {
    this.#stopListening();
  }

  async #reload(): Promise<void> {
    this.#dictionary.load(await sql<NamedCode>(this.#house.database.em.fork(), 'select kind, code, name from compute_registry.code_name order by kind, code'));
  }
}

function requireCode(kind: CodeKind, code: string): void {
  const { kind: characters, length } = HEADER.find(({ name }) => name === PART_OF[kind])!;
  if (!new RegExp(`^${CHARACTERS[characters]}{${length}}$`).test(code)) {
    throw badInput({ field: 'input.code', problem: `expected ${length} ${characters === 'letters' ? 'letters from a to z' : 'digits'}` });
  }
}
