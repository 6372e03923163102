import { contracts, openApi } from '@hutong/rest-compat';
import { expect, test } from 'vitest';
import { MATCH_ORDERS } from '../../subgraphs/scheduling/src/template/requirements.js';
import { TEMPLATE_KEYS } from '../../subgraphs/scheduling/src/template/template.keys.js';

interface Shape {
  properties: Record<string, Shape>;
  anyOf: { enum?: string[] }[];
}

const { paths } = openApi(contracts);
const template = paths['/api/v1/query_computing_resources_by_task_template']!.post!.requestBody!.content['application/json']!.schema as unknown as Shape;

// The document is written in rest-compat, the template is read in scheduling.
test('the document of 互通 names every key of a template that means something, in both forms, and every order', () => {
  const { source: _source, session_identifier: _session, data, ...keys } = template.properties;
  expect(Object.keys(keys).toSorted()).toEqual(Object.keys(TEMPLATE_KEYS).toSorted());
  expect(data!.properties).toEqual(keys);
  expect(keys['order_by']!.anyOf[0]!.enum).toEqual(MATCH_ORDERS.map((order) => order.toLowerCase()));
});
