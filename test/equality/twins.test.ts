import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contracts } from '@hutong/rest-compat';
import { expect, test } from 'vitest';
import { annotationsTwins } from './ai-arts.annotations.twins.js';
import { filesTwins } from './ai-arts.files.twins.js';
import { jobsTwins } from './ai-arts.jobs.twins.js';
import { cloudApiTwins } from './cloud-api.twins.js';
import { interconnectTwins } from './interconnect.twins.js';
import { simpleServerTwins } from './simple-server.twins.js';
import { rowsOf } from './twin.js';

const TABLES = { interconnectTwins, simpleServerTwins, cloudApiTwins, filesTwins, jobsTwins, annotationsTwins };
const TWINS: Readonly<Record<string, object>> = { interconnect: interconnectTwins, 'simple-server': simpleServerTwins, 'cloud-api': cloudApiTwins, 'ai-arts': { ...filesTwins, ...jobsTwins, ...annotationsTwins } };

test.each(contracts.map(({ name }) => name))('every row of %s can be asked by the graph as well, by an operation written for it', (contract) => {
  expect(Object.keys(TWINS[contract] ?? {}).toSorted()).toEqual(rowsOf(contract).toSorted());
});

const suites = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.equality.test.ts')).map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'));

test.each(Object.keys(TABLES))('all of %s is run by a suite, which fails when one of its rows is not', (table) => {
  const running = suites.filter((text) => text.includes(`const twins = tally.counted(${table});`));
  expect(running).toEqual([expect.stringContaining('tally.expectEach(twins, task)')]);
});
