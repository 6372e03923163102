// Renders the reference (the graph, the REST contracts, errors, settings, snippets) to static pages: `npm run docs`.
import { join, relative } from 'node:path';
import { writeSite } from './site/site.js';

const REPOSITORY = join(import.meta.dirname, '..');
const folder = join(REPOSITORY, 'docs-site');

const files = await writeSite(folder);
console.log(`${files.length} files; open ${relative(REPOSITORY, join(folder, 'index.html'))}`);
