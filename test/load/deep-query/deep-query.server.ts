// The four subgraphs in a process of their own, with prepared answers; prints where each listens, as one line of JSON.
import { servePrepared } from '../prepared.server.js';
import { withoutTags } from './deep-query.operation.js';
import { deepSubgraphs } from './deep-query.subgraphs.js';

const urls: Record<string, string> = {};
for (const { name, schema } of deepSubgraphs()) urls[name] = `http://127.0.0.1:${await servePrepared({ schema, keyOf: withoutTags })}`;
console.log(JSON.stringify(urls));
