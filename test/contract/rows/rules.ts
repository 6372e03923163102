import type { Statement } from './statement.js';

type Contract = 'interconnect' | 'cloud-api' | 'simple-server' | 'ai-arts';

const all = ['interconnect', 'cloud-api', 'simple-server', 'ai-arts'] as const;
const json = ['interconnect', 'simple-server', 'ai-arts'] as const;
const paged = ['interconnect', 'ai-arts'] as const;

/** What holds for several contracts: one row for each of them. */
export const rules = {
  'identity': [all, 'decided: the same credential, a ticket or a long-lived API token, works on every route, whichever of token, X-Auth-Token or Authorization: Bearer carries it'],
  'slash': [all, 'decided: a path works with and without its trailing slash, without a redirect'],
  'utf-8': [all, 'decided: bodies are UTF-8, and others are refused'],
  'unescaped': [all, 'decided: text in the document’s own language travels unescaped'],
  'envelope': [all, 'decided: every failure is answered in the envelope of the document that owns the path'],
  'unknown-path': [all, 'decided: an unknown path under the prefix is answered in the envelope, too'],
  'malformed-body': [all, 'decided: a malformed body is answered in the envelope, too'],
  'no-page': [all, 'decided: no failure is an HTML page or shows a stack trace'],
  'whole-batch': [['interconnect'], 'decided: a batch is stored whole or not at all'],
  'broken-upload': [['ai-arts'], 'decided: an upload that breaks off leaves nothing'],
  'page-one': [paged, 'decided: pages count from 1'],
  'page-limit': [paged, 'decided: a page holds at most 1,000 rows; more is an error that names the limit'],
  'page-past-end': [paged, 'decided: a page past the end is an empty list'],
  'page-value': [paged, 'decided: a page or size that is not a positive integer is an error of the document’s parameter kind'],
  'int': [json, 'decided: int means 0 to 2,147,483,647 unless said otherwise'],
  'bytes': [['simple-server', 'ai-arts'], 'decided: bytes may be larger than an int'],
  'text': [all, 'decided: text is any valid Unicode and comes back as it was sent: emoji, markup, right-to-left'],
  'unstorable': [all, 'decided: U+0000 and lone surrogates are refused'],
  'id': [all, 'decided: a legacy id is the graph’s id'],
  'foreign-page': [all, 'decided: a mutating request whose Origin or Sec-Fetch-Site says that a foreign page sent it is refused'],
  'extra-fields': [json, 'decided: unknown extra fields in a JSON body are accepted and ignored unless said that they are kept'],
  'request-id': [all, 'decided: every answer carries X-Request-Id; one sent by the caller is echoed'],
} as const satisfies Record<string, readonly [of: readonly Contract[], Statement]>;
