import type { Reporter, TestModule } from 'vitest/node';

/** Names at the end of a run the tests that passed only when they were tried again, and how they failed: each is a fault, of the test or of what it tests. */
export class RetriedTests implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const retried = modules
      .flatMap((module) => [...module.children.allTests()])
      .filter((test) => test.diagnostic()?.flaky === true)
      .map((test) => [`  ${test.module.relativeModuleId}: ${test.fullName}`, ...(test.result().errors ?? []).map(({ message, stack }) => `    ${message}\n${stack ?? ''}`)].join('\n'));
    if (retried.length > 0) console.log(['', 'Passed only when tried again, which is to be mended:', ...retried, ''].join('\n'));
  }
}
