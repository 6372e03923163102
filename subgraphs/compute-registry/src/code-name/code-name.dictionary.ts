import { CodeName } from './code-name.entity.js';
import { CodeKind, type NamedCode } from './code-name.kinds.js';

/**
 * All code names, in memory: a few hundred, read with every answer and changed by admins. A code without a name is
 * shown as it is, and a filter may give either.
 */
export class CodeDictionary {
  #names = new Map<CodeKind, Map<string, CodeName>>();
  #codes = new Map<CodeKind, Map<string, string[]>>();

  /** Takes the names over, in place of those before. */
  load(rows: Iterable<NamedCode>): void {
    const names = new Map(Object.values(CodeKind).map((kind) => [kind, new Map<string, CodeName>()]));
    const codes = new Map(Object.values(CodeKind).map((kind) => [kind, new Map<string, string[]>()]));
    for (const { kind, code, name } of rows) {
      names.get(kind)?.set(code, codeName(kind, code, name));
      for (const form of formsOf(kind, name)) codes.get(kind)?.set(form, [...(codes.get(kind)?.get(form) ?? []), code]);
    }
    this.#names = names;
    this.#codes = codes;
  }

  /** The code with its name; an unknown one is named by itself. */
  name(kind: CodeKind, code: string): CodeName {
    return this.#names.get(kind)?.get(code) ?? codeName(kind, code, code);
  }

  /** Every named code of a kind, ordered by code. */
  all(kind: CodeKind): CodeName[] {
    return [...(this.#names.get(kind)?.values() ?? [])].toSorted((a, b) => (a.code < b.code ? -1 : 1));
  }

  /** The codes that a filter value stands for: itself, and every code of that name. Cities go with or without 市. */
  codesOf(kind: CodeKind, value: string): string[] {
    const named = formsOf(kind, value).flatMap((form) => this.#codes.get(kind)?.get(form) ?? []);
    return [...new Set([value, ...named])];
  }
}

function codeName(kind: CodeKind, code: string, name: string): CodeName {
  return Object.assign(new CodeName(), { kind, code, name });
}

/** 杭州市 is also found as 杭州, 湖北省 as 湖北, 香港特别行政区 as 香港; 西藏自治区 as 西藏. */
const CITY_SUFFIX = /(?:市|省|特别行政区|(?:壮族|回族|维吾尔)?自治区)$/;

function formsOf(kind: CodeKind, name: string): string[] {
  const short = kind === CodeKind.CITY ? name.replace(CITY_SUFFIX, '') : name;
  return short === name || short === '' ? [name] : [name, short];
}
