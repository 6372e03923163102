import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Actor, stranger } from '../testkit/actor.js';
import { sendAs, sendForm, sendRaw } from '../testkit/http.js';
import { interconnectWorld, type InterconnectWorld } from '../testkit/interconnect.world.js';

// The examples of the documents, requests and answers word for word. Those that need a cloud are in test/flows/cloud-api.flow.test.ts;
// AIArts has none.

let world: InterconnectWorld;
beforeAll(async () => {
  world = await interconnectWorld();
});
afterAll(() => world?.platform.dispose());

/** An answer as a document writes it, spaces and all. */
const asWritten = (text: string): unknown => JSON.parse(text);

describe('互通平台 API 文档', () => {
  const GOOD = `{
    "code": 0,
    "message": "ok",
    "data": {}
}`;
  const IDENTIFIERS = `{
  "computing_ids": [
    "1101tc200044013301502601009F1S1024N100P150"
  ]
}`;
  const RESOURCES = `{
  "computing_resources": [
    {
        "computing_id": "1101tc200044013301502601009F1S1024N100P150",
        "power_consumption": 0,
        "cpu_performance": 2000,
        "cpu_available": 0,
        "gpu_model": "RTX 3080",
        "gpu_performance": 18000,
        "gpu_memory": 16,
        "gpu_available": 0,
        "network_delay": "5ms",
        "network_performance": 100,
        "network_isixp": true,
        "network_ips": "192.168.1.1",
        "network_available": "",
        "network_ips_available": "192.168.1.1",
        "network_ports": "80,443",
        "price": 100
    }
  ]
}`;
  const ZONES = '/api/v1/computing_resources/?page=1&page_size=10&resource_type=超算&region=北京&organization=中科曙光';
  const ZONES_ANSWER = `{
  "code": 0,
  "message": "ok",
  "data": {
    "count": 2,
    "results": [
      {
        "organization": "中科曙光",
        "region": "北京",
        "availability_zone": "可用区一",
        "industry": "金融"
      },
      {
        "organization": "中科曙光",
        "region": "上海",
        "availability_zone": "可用区一",
        "industry": "教育"
      }
    ]
  }
}`;
  const OFFERS_ANSWER = `{
  "code": 0,
  "message": "ok",
  "data": {
    "task_id": 1,
    "count": 2,
    "results": [
      {
        "id": 1,
        "organization": "中科曙光",
        "region": "北京",
        "availability_zone": "可用区一",
        "industry": "金融",
        "resource_type": "超算",
        "service_type": "主机",
        "power_consumption": 0,
        "cpu_performance": 2000,
        "cpu_available": 0,
        "gpu_model": "RTX 3080",
        "gpu_performance": 18000,
        "gpu_memory": 16,
        "gpu_available": 0,
        "network_delay": "5ms",
        "network_performance": 100,
        "network_isixp": true,
        "network_ips": "192.168.1.1",
        "network_available": "",
        "network_ips_available": "192.168.1.1",
        "network_ports": "80,443",
        "price": 100
      },
      {
         "id": 2,
        "organization": "中科曙光",
        "region": "上海",
        "availability_zone": "可用区一",
        "industry": "教育",
        "resource_type": "超算",
        "service_type": "主机",
        "power_consumption": 0,
        "cpu_performance": 2000,
        "cpu_available": 0,
        "gpu_model": "RTX 3080",
        "gpu_performance": 18000,
        "gpu_memory": 16,
        "gpu_available": 0,
        "network_delay": "5ms",
        "network_performance": 100,
        "network_isixp": true,
        "network_ips": "192.168.1.1",
        "network_available": "",
        "network_ips_available": "192.168.1.1",
        "network_ports": "80,443",
        "price": 100
      }
    ]
  }
}`;
  const CHOICE = `{
  "task_id": 1,
  "computing_resource_id": 1,
  "result": true
}`;
  const REFUSAL_ANSWER = `{
  "code": 0,
  "message": "ok",
  "data": {
    "computing_resource_url": ""
  }
}`;
  const BEIJING = '1101fi200044021101502601009';
  const SHANGHAI = '1101ed200044023101502601009';

  /** With the two headers that the document asks for, whatever the method. */
  async function ask(actor: Actor, method: string, path: string, body?: string): Promise<unknown> {
    const answer = await sendAs(actor, { method, path, headers: { 'content-type': 'application/json' }, body });
    expect(answer.status).toBe(200);
    return answer.json;
  }

  // One story, as the examples' ids count from the first resource and the first task on.
  test(
    'every example is answered as it shows',
    {
      tags: [
        'interconnect/0/good', 'interconnect/0/json', 'interconnect/0/content-type', 'interconnect/1/route', 'interconnect/2/route', 'interconnect/3/route', 'interconnect/3/example',
        'interconnect/4/route', 'interconnect/4/all-fresh', 'interconnect/4/task_id', 'interconnect/4/count', 'interconnect/4/id', 'interconnect/4/names', 'interconnect/4/report', 'interconnect/5/route', 'interconnect/5/url', 'interconnect/5/refused',
      ],
    },
    async () => {
      const { provider, alice, root } = world;
      expect(await ask(provider, 'POST', '/api/v1/computing_ids/', IDENTIFIERS)).toEqual(asWritten(GOOD));

      for (const [code, name] of [['fi', '金融'], ['ed', '教育']]) await root.ask('mutation ($input: NameCodeInput!) { nameCode(input: $input) { name } }', { input: { kind: 'INDUSTRY', code, name } });
      for (const computing_id of [BEIJING, SHANGHAI]) {
        expect(await ask(provider, 'POST', '/api/v1/computing_ids/', JSON.stringify({ computing_ids: [computing_id] }))).toEqual(asWritten(GOOD));
        expect(await ask(provider, 'POST', '/api/v1/computing_resources/', RESOURCES.replace(/"computing_id": "[^"]*"/, `"computing_id": "${computing_id}"`))).toEqual(asWritten(GOOD));
      }

      const raw = await sendRaw(world.platform, `GET ${ZONES} HTTP/1.1\r\nHost: hutong\r\ntoken: ${alice.credential}\r\nContent-Type: application/json\r\n\r\n`);
      expect(raw).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(raw).toMatch(/\r\n\r\n\{"code":0,"message":"ok","data":\{"count":1,"results":\[\{"organization":"中科曙光","region":"北京","availability_zone":"可用区一","industry":"金融"\}\]\}\}$/);
      expect(await ask(alice, 'GET', encodeURI(ZONES.replace('&region=北京', '')))).toEqual(asWritten(ZONES_ANSWER));
      expect(await ask(alice, 'GET', encodeURI(ZONES.replace('organization=中科曙光', 'organization=20004')))).toMatchObject({ data: { count: 1 } });

      expect(await ask(alice, 'POST', '/api/v1/query_computing_resources_by_task_template/', '{}')).toEqual(asWritten(OFFERS_ANSWER));
      expect(await ask(alice, 'POST', '/api/v1/task_path/', CHOICE)).toEqual({ code: 0, message: 'ok', data: { computing_resource_url: 'http://192.168.1.1:80' } });
      expect(await ask(alice, 'POST', '/api/v1/task_path/', CHOICE.replace('true', 'false'))).toEqual(asWritten(REFUSAL_ANSWER));

      expect(await ask(provider, 'POST', '/api/v1/computing_resources/', RESOURCES)).toEqual(asWritten(GOOD));
    },
  );
});

describe('SimpleServerAPI', () => {
  test('the status is the document’s, to the letter of its values', { tags: ['simple-server/status/ok'] }, async () => {
    expect((await sendAs(stranger(world.platform), { path: '/api/status' })).json).toEqual(asWritten('{"code": 200, "message": "OK"}'));
  });

  test('its user logs in with its body, and the ticket opens what is asked with its header', { tags: ['simple-server/ticket/example', 'simple-server/info/route'] }, async () => {
    await world.root.ask('mutation { createUser(input: { username: "user1", password: "A1B2C3D4E5F6G7H8I9HD" }) { id } }');
    const nobody = stranger(world.platform);
    const logIn = (body: string) => sendAs(nobody, { method: 'POST', path: '/api/ticket', body });
    const { status, json } = await logIn('{"username": "user1","password": "A1B2C3D4E5F6G7H8I9HD"}');
    expect([status, json]).toEqual([200, { data: expect.objectContaining({ CSRFPreventionToken: expect.any(String), ticket: expect.any(String) }) }]);
    expect((await sendAs(nobody, { path: '/api/info', headers: { 'X-Auth-Token': json.data.ticket } })).json).toEqual(asWritten('{"data": []}'));
    expect((await logIn('{"username": "user1","password": "another"}')).json).toEqual(asWritten('{"data": ""}'));
  });
});

describe('cloud_api云平台接口模块', () => {
  test('an id that is none is answered as the document shows, its keys in order', { tags: ['cloud-api/destroy/unknown', 'cloud-api/form/envelope'] }, async () => {
    const { status, text } = await sendForm(world.alice, '/cloud_api', { command: 'destroy_instance', vm_id: 'XXXXXX-XXXXX' });
    expect([status, text]).toEqual([200, '{"ret_code":6,"description":"Invalid virtual machine id"}']);
  });
});
