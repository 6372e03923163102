import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { subgraphDatabaseSettings, subgraphUrlSettings } from '@hutong/common';
import { beforeAll, describe, expect, test } from 'vitest';

// What the documents say is so: files exist, commands exist, settings are those of the code.

const REPOSITORY = join(import.meta.dirname, '..');
const READMES = ['README.md', 'README.zh.md'];
/** Set by npm, not by people. */
const NOT_FOR_PEOPLE = ['INIT_CWD'];

const read = (file: string) => readFile(join(REPOSITORY, file), 'utf8');

let tracked: string[];
beforeAll(async () => {
  const { stdout } = await promisify(execFile)('git', ['ls-files', '-z'], { cwd: REPOSITORY, maxBuffer: 64 * 1024 * 1024 });
  tracked = stdout.split('\0').filter((file) => file !== '' && existsSync(join(REPOSITORY, file)));
});

/** Files and folders that a document names: links, and code that looks like a path of ours. */
function pathsIn(text: string): string[] {
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!.replace(/#.*$/, '')).filter((target) => target !== '' && !/^[a-z]+:/.test(target));
  const code = [...text.matchAll(/`((?:subgraphs|gateway|rest-compat|schema|test|\.ci)\/[\w./@-]*)`/g)].map(([, path]) => path!);
  return [...links, ...code];
}

/** Names in the first column of a table whose cells are code: `| \`PORT\` | …`. */
const settingsIn = (text: string): string[] => [...text.matchAll(/^\| `([A-Z][A-Z0-9_]+)` \|/gm)].map(([, name]) => name!);

async function settingsOfCode(): Promise<Set<string>> {
  const files = tracked.filter((file) => /(^|\/)environment\.ts$/.test(file));
  expect(files.length).toBeGreaterThan(2);
  const texts = await Promise.all(files.map(read));
  const names = texts.flatMap((text) => [...text.matchAll(/^ {2}([A-Z][A-Z0-9_]+):/gm)].map(([, name]) => name!));
  const ofSubgraphs = [subgraphUrlSettings, subgraphDatabaseSettings].flatMap((settings) => Object.keys(settings));
  return new Set([...names, ...ofSubgraphs].filter((name) => !NOT_FOR_PEOPLE.includes(name)));
}

describe.each(READMES)('%s', (readme) => {
  test('names files that exist', async () => {
    const paths = pathsIn(await read(readme));
    expect(paths.length).toBeGreaterThan(8);
    expect(paths.filter((path) => !existsSync(join(REPOSITORY, path)))).toEqual([]);
  });

  test('lists every setting of the code, and no other', async () => {
    const listed = settingsIn(await read(readme));
    expect(listed.toSorted()).toEqual([...new Set(listed)].toSorted());
    expect(new Set(listed)).toEqual(await settingsOfCode());
  });
});

test('both READMEs list the same settings with the same defaults, and the same commands', async () => {
  const [english, chinese] = await Promise.all(READMES.map(read));
  const rows = (text: string) => [...text.matchAll(/^\| (`[^|]*`) \| (`[^`|]*`|) ?\|/gm)].map(([, name, standard]) => `${name} ${standard}`).toSorted();
  expect(rows(chinese!)).toEqual(rows(english!));
});

test('every command that a tracked document names exists', async () => {
  const { scripts } = JSON.parse(await read('package.json')) as { scripts: Record<string, string> };
  const named = new Map<string, string>();
  for (const document of tracked.filter((file) => file.endsWith('.md'))) {
    for (const [, script, short] of (await read(document)).matchAll(/npm run ([\w:-]+)|npm (start|test)\b/g)) named.set((script ?? short)!, document);
  }
  expect(named.size).toBeGreaterThan(8);
  expect([...named].filter(([name]) => !(name in scripts))).toEqual([]);
});

test('every tracked document links to files that exist', async () => {
  const documents = tracked.filter((file) => file.endsWith('.md'));
  const broken: string[] = [];
  for (const document of documents) {
    const links = [...(await read(document)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!.replace(/#.*$/, ''));
    for (const link of links) {
      if (link !== '' && !/^[a-z]+:/.test(link) && !existsSync(join(REPOSITORY, dirname(document), link))) broken.push(`${document}: ${link}`);
    }
  }
  expect(broken).toEqual([]);
});

test('no tracked file names a place on this machine or the host of a package registry', async () => {
  const places = [REPOSITORY, homedir()].filter((path) => path.length > 3).map((path) => `${path}/`);
  const registry = /https?:\/\/[^\s"'`)]*(?:(?<![\w-])registry\.|npmmirror|artifactory|\bnexus\b)/i;
  const found: string[] = [];
  for (const file of tracked) {
    const text = await read(file);
    for (const place of places) if (text.includes(place)) found.push(`${file}: ${place}`);
    const host = registry.exec(text);
    if (host) found.push(`${file}: ${host[0]}`);
  }
  expect(found).toEqual([]);
});

test('the lockfile names no address to fetch packages from', async () => {
  expect(await read('package-lock.json')).not.toMatch(/"resolved": "https?:/);
});
