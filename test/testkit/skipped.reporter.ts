import type { Reporter, TestModule } from 'vitest/node';
import { engines, missingPrograms } from './engines.js';

/** Says at the end of a run which suites were skipped, and what installs the engines that they need. */
export class SkippedSuites implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const missing = engines.filter((engine) => missingPrograms(engine).length > 0).map(({ name, install }) => `  ${name}, as root: ${install}`);
    if (missing.length === 0) return;
    const skipped = modules.flatMap((module) => [...module.children.suites()].filter((suite) => suite.state() === 'skipped').map((suite) => `  ${module.relativeModuleId}: ${suite.name}`));
    if (skipped.length > 0) console.log(['', 'Skipped, because their engine is missing:', ...skipped, 'What installs it:', ...missing, ''].join('\n'));
  }
}
