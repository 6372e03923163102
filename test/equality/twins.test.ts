import { contracts } from '@hutong/rest-compat';
import { expect, test } from 'vitest';
import { annotationsTwins } from './ai-arts.annotations.twins.js';
import { filesTwins } from './ai-arts.files.twins.js';
import { jobsTwins } from './ai-arts.jobs.twins.js';
import { cloudApiTwins } from './cloud-api.twins.js';
import { interconnectTwins } from './interconnect.twins.js';
import { simpleServerTwins } from './simple-server.twins.js';
import { rowsOf } from './twin.js';

const TWINS: Readonly<Record<string, object>> = { interconnect: interconnectTwins, 'simple-server': simpleServerTwins, 'cloud-api': cloudApiTwins, 'ai-arts': { ...filesTwins, ...jobsTwins, ...annotationsTwins } };

test.each(contracts.map(({ name }) => name))('every row of %s can be asked by the graph as well, by an operation written for it', (contract) => {
  expect(Object.keys(TWINS[contract] ?? {}).toSorted()).toEqual(rowsOf(contract).toSorted());
});
