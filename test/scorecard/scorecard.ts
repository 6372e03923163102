// Runs everything that shows how good the platform is, and writes one table of it: `npm run scorecard [-- --quick]`.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { circumstances } from './machine.js';
import type { Extent, Outcome, Part } from './part.js';
import { parts } from './parts.js';
import { page, summary, withSummary } from './scorecard.page.js';

const REPOSITORY = join(import.meta.dirname, '../..');
const READMES = [
  ['README.md', 'en'],
  ['README.zh.md', 'zh'],
] as const;

const MORE = {
  en: 'Every measurement, and what is not met: [SCORECARD.md](SCORECARD.md).',
  zh: '每一项测量，以及未达标之处：[SCORECARD.md](SCORECARD.md)。',
};

const HELP = `Runs tests, soak and benchmarks, each as a command of its own, and writes SCORECARD.md and the table of the READMEs.

  npm run scorecard -- [--quick] [--write] [--only <part of a name>]

  --quick   takes some minutes; shows the table, and writes nothing
  --write   writes a quick run, too, which the table says
  --only    runs the parts of this name; shows the table, and writes nothing`;

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false }, write: { type: 'boolean', default: false }, only: { type: 'string', default: '' }, help: { type: 'boolean', short: 'h' } } });
const wanted = parts.filter(({ name }) => name.en.toLowerCase().includes(values.only.toLowerCase()));
if (values.help) {
  console.log(HELP);
} else if (wanted.length === 0) {
  console.error(`--only: no part is called ${values.only}; there are ${parts.map(({ name }) => name.en).join(', ')}`);
  process.exitCode = 2;
} else {
  const extent: Extent = values.quick ? 'quick' : 'full';
  const where = await circumstances(extent);
  const outcomes: Outcome[] = [];
  for (const part of wanted) outcomes.push(await outcomeOf(part, extent));
  if (values.only !== '' || (values.quick && !values.write)) {
    console.log(`\n${page(outcomes, where)}`);
  } else {
    await writeFile(join(REPOSITORY, 'SCORECARD.md'), page(outcomes, where));
    for (const [file, language] of READMES) {
      const path = join(REPOSITORY, file);
      await writeFile(path, withSummary(await readFile(path, 'utf8'), `${summary(outcomes, where, language)}\n\n${MORE[language]}`));
    }
    console.log(`\n${summary(outcomes, where, 'en')}\n\nWritten: SCORECARD.md, ${READMES.map(([file]) => file).join(', ')}.`);
  }
  process.exitCode = outcomes.every(({ met }) => met) ? 0 : 1;
}

/** What is wrong with the scorecard itself is an outcome as well: the other parts are worth having. */
async function outcomeOf(part: Part, extent: Extent): Promise<Outcome> {
  console.log(`${part.name.en}…`);
  const begun = performance.now();
  const outcome = await part.run(extent).catch((error: unknown): Outcome => ({
    name: part.name, command: 'npm run scorecard', result: { en: 'no result', zh: '没有结果' }, met: false, seconds: (performance.now() - begun) / 1_000, faults: [(error as Error).message],
  }));
  console.log(`  ${outcome.met ? 'met' : 'NOT MET'}: ${outcome.result.en}${outcome.faults.map((line) => `\n  ${line}`).join('')}`);
  return outcome;
}
