import { expect, test } from 'vitest';
import { createLog } from '../log/log.js';
import { traceHeaders, traceIds } from './trace-context.js';

test('what is logged never becomes a header of later requests', () => {
  createLog('warn', 'test').warn({ err: new Error('expected in this test') }, 'a request failed');
  Object.assign(traceIds(), { requestId: 'r-1' });
  expect(traceHeaders().fields).toEqual({});
  expect(traceIds()).toEqual({});
});
