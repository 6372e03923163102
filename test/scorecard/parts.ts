import { benchPart } from './bench.part.js';
import type { Part } from './part.js';
import { soakPart } from './soak.part.js';
import { testsPart } from './tests.part.js';

/** Everything that the scorecard is made of, in its order: what loads the machine most comes last. */
export const parts: readonly Part[] = [
  testsPart({ name: { en: 'Audit of GraphQL over HTTP', zh: 'GraphQL over HTTP 审计' }, paths: ['gateway/src/http/graphql-http.test.ts'] }),
  testsPart({ name: { en: 'Cases of the contracts', zh: '契约用例' }, paths: ['test/contract'] }),
  testsPart({ name: { en: 'REST equals GraphQL', zh: 'REST 与 GraphQL 等价' }, paths: ['test/equality'], quick: { HUTONG_TEST_EQUALITY_RUNS: '2' } }),
  testsPart({ name: { en: 'Fuzz of the contracts', zh: '契约模糊测试' }, paths: ['test/fuzz'], quick: { HUTONG_TEST_FUZZ_REQUESTS: '1000' } }),
  testsPart({ name: { en: 'Roles', zh: '角色权限' }, paths: ['test/access'] }),
  testsPart({ name: { en: 'Hostile queries and advisories', zh: '恶意查询与安全公告' }, paths: ['test/hostile'] }),
  testsPart({ name: { en: 'Snippets of the documents', zh: '文档代码示例' }, paths: ['test/snippets'] }),
  soakPart,
  benchPart,
];
