import fc from 'fast-check';
import type { Report } from './interconnect.twins.js';
import { anyInt, anyJson, anyText, noInt, sometimes, unstorableText } from './texts.js';

/** Stands for the five digits of the world's own organization. */
export const ORGANIZATION = '@@@@@';

const CITIES = ['1101', '3101', '3301', '4403', '5002', '4290', '7100', '8101'] as const;
const CITY_NAMES = ['北京', '上海', '杭州', '杭州市', '深圳', '重庆', '湖北', '3301'];
const TYPES = ['401', '402', '403', '777'] as const;
const ZONES = ['502601', '000001', '999999'] as const;
const INDUSTRIES = ['tc', 'ed', 'zz'] as const;

const digits = fc.nat(2_147_483_647).map(String);
const capacity = fc.oneof(
  fc.tuple(fc.nat(9_999), sometimes(fc.integer({ min: 1, max: 999 }))).map(([whole, fraction]) => `F${whole}${fraction === undefined ? '' : `.${fraction}`}`),
  digits.map((text) => `S${text}`),
  digits.map((text) => `N${text}`),
  digits.map((text) => `P${text}`),
);

/** Identifiers that the page allows: capacities in any order, each at most once. */
export const identifier: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom(...CITIES), fc.constantFrom(...INDUSTRIES), fc.constantFrom(...TYPES), fc.constantFrom(...CITIES), fc.constantFrom(...ZONES), fc.constantFrom('009', '010'), fc.uniqueArray(capacity, { maxLength: 4, selector: (text) => text[0] }))
  .map(([city, industry, type, region, zone, service, capacities]) => `${city}${industry}${ORGANIZATION}${type}${region}${zone}${service}${capacities.join('')}`);

/** What is no identifier, or one of somebody else's. */
export const faultyIdentifier: fc.Arbitrary<unknown> = fc.oneof(
  identifier.map((text) => text.slice(0, 26)),
  identifier.map((text) => `9999${text.slice(4)}`),
  identifier.map((text) => text.replace(/[a-z]{2}/, 'TC')),
  identifier.map((text) => `${text.slice(0, 27)}F1F2`),
  identifier.map((text) => `${text.slice(0, 27)}F1.2345`),
  identifier.map((text) => `${text}X`),
  identifier.map((text) => text.replace(ORGANIZATION, '20004')),
  anyText(0, 40),
  unstorableText,
  fc.constantFrom<unknown>(5, null, {}, ['x']),
);

const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom('192.168.1.1', '10.0.0.1', '::1'));
const addresses = fc.oneof(fc.constantFrom('', '192.168.1.1', '10.0.0.1,192.168.1.1', '192.168.1.1,10.0.0.1'), fc.array(address, { minLength: 1, maxLength: 3 }).map((list) => list.join(',')));
const port = fc.integer({ min: 1, max: 65_535 });
const ports = fc.oneof(fc.constantFrom('', '80,443', '8000-8010', '65535'), fc.array(fc.oneof(port.map(String), fc.tuple(port, port).map(([one, other]) => `${Math.min(one, other)}-${Math.max(one, other)}`)), { minLength: 1, maxLength: 3 }).map((list) => list.join(',')));
const fewGpus = fc.constantFrom(0, 1, 4, '8');
const delay = fc.oneof(
  fc.constantFrom<unknown>('5ms', '0.5ms', '1s', '1.005s', 0, 0.25, 1e-7, '0.000001ms', 2_147_483_647, '2147483s'),
  fc.nat(99_999).map((ms) => `${ms}ms`),
  fc.double({ min: 0, max: 1_000, noNaN: true }),
);

/** Times in seconds before now; the graph and the contract are told the same moment. */
export const observedBefore = fc.constantFrom(5, 60, 300, 7_200);

/** The fields that the document does not require, and the page's own. */
const OPTIONAL = ['price', 'observed_at'];

/** A report of a resource of the world, with the number of one of its identifiers in place of that. */
export const report: fc.Arbitrary<Report> = fc
  .record(
    {
      computing_id: fc.nat(3),
      power_consumption: fc.oneof(anyInt, anyInt.map(String)),
      cpu_performance: anyInt,
      cpu_available: fc.oneof(fc.nat(8), anyInt),
      gpu_model: fc.oneof(fc.constantFrom('RTX 3080', 'rtx 4090', 'Ascend 910B'), anyText(0, 255)),
      gpu_performance: anyInt,
      gpu_memory: fc.oneof(fc.nat(80), anyInt),
      gpu_available: fewGpus,
      network_delay: delay,
      network_performance: anyInt,
      network_isixp: fc.boolean(),
      network_ips: addresses,
      network_available: anyText(0, 60),
      network_ips_available: addresses,
      network_ports: ports,
      price: fc.oneof(fc.constantFrom(null, 0, 1, 2), anyInt),
      observed_at: observedBefore,
    },
    { noNullPrototype: true },
  )
  .chain((all) => fc.subarray(OPTIONAL).map((left) => Object.fromEntries(Object.entries(all).filter(([field]) => !left.includes(field)))));

const badInt = (field: string) => noInt.filter((value) => !(value === null && field === 'price')).map((value) => ({ [field]: value }));

/** A fault that makes a report one that the page refuses. */
export const reportFault: fc.Arbitrary<Report> = fc.oneof(
  ...['power_consumption', 'cpu_performance', 'cpu_available', 'gpu_performance', 'gpu_memory', 'gpu_available', 'network_performance', 'price'].map(badInt),
  fc.constantFrom<unknown>(7, null, 'x'.repeat(256), '🚀'.repeat(256), 'a\0b', '\ud800').map((gpu_model) => ({ gpu_model })),
  fc.constantFrom<unknown>('soon', '', -1, true, null, 2_147_483_648).map((network_delay) => ({ network_delay })),
  fc.constantFrom<unknown>('yes', 1, null).map((network_isixp) => ({ network_isixp })),
  fc.constantFrom<unknown>('300.1.1.1', '10.0.0.1;10.0.0.2', 'host', 7, null).map((network_ips) => ({ network_ips })),
  fc.constantFrom<unknown>('70000', '0', '90-80', 'http', 80, null).map((network_ports) => ({ network_ports })),
  fc.constantFrom<unknown>('a\0b', '\udc00', 7, null).map((network_available) => ({ network_available })),
  fc.constantFrom('1101tc200044013301502601009F1S1024N100P150', 'unheard-of', '').map((computing_id) => ({ computing_id })),
  fc.constantFrom('yesterday', '2026-02-30T00:00:00Z', '9999-01-01T00:00:00Z').map((observed_at) => ({ observed_at })),
);

const textOrList = (...values: string[]) => fc.oneof(fc.constantFrom(...values), fc.subarray(values, { minLength: 1 }));

/** What a template may ask for beside its organization. */
const requirements = fc.record(
  {
    resource_type: textOrList('401', '智算', '超算', '777'),
    service_type: textOrList('009', '主机', '010'),
    region: textOrList(...CITY_NAMES),
    industry: textOrList('tc', '通信', 'ed', 'zz'),
    availability_zone: textOrList('502601', '可用区一', '000001'),
    gpu_model: fc.constantFrom('', 'rtx', 'RTX 3080', '超', '%', '_'),
    cpu_performance: fc.oneof(fc.constantFrom(0, 1), anyInt),
    cpu_available: fc.nat(4),
    gpu_performance: fc.constantFrom(0, 1, 1_000),
    gpu_memory: fc.constantFrom(0, 16, 80),
    gpu_available: fc.nat(5),
    network_performance: fc.constantFrom(0, 100),
    price: fc.constantFrom(0, 1, 2_147_483_647),
    network_delay: fc.constantFrom('5ms', '1s', 1_000, '0.5ms', 2_147_483_647),
    power_consumption: fc.constantFrom(0, 2_147_483_647),
    network_isixp: fc.boolean(),
    order_by: textOrList('price', 'free_gpu', 'free_cpu', 'network_delay', 'performance', 'power'),
    'whatever else': anyJson,
  },
  { requiredKeys: [] },
);

const inTheLaterForm = (data: object, source: string | undefined, session: string | undefined) => ({ ...(source === undefined ? {} : { source }), ...(session === undefined ? {} : { session_identifier: session }), data });

/** Templates that match within the world, in both forms. */
export const template: fc.Arbitrary<Record<string, unknown>> = fc
  .tuple(fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, { weight: 3, arbitrary: requirements }), fc.boolean(), sometimes(anyText(0, 255)), sometimes(anyText(0, 255)))
  .map(([asked, later, source, session]) => {
    const own = { ...asked, organization: ORGANIZATION };
    return later && (source !== undefined || session !== undefined) ? inTheLaterForm(own, source, session) : own;
  });

/** Known keys with a wrong type. */
export const faultyTemplate: fc.Arbitrary<Record<string, unknown>> = fc
  .tuple(
    fc.oneof(
      fc.tuple(fc.constantFrom('resource_type', 'region', 'industry'), fc.constantFrom<unknown>(1.5, true, {}, [true])),
      fc.tuple(fc.constantFrom('cpu_performance', 'gpu_memory', 'price', 'gpu_available'), fc.constantFrom<unknown>('x', -1, 1.5, 2 ** 31, true, [])),
      fc.tuple(fc.constantFrom('network_delay'), fc.constantFrom<unknown>('soon', -1, true)),
      fc.tuple(fc.constantFrom('network_isixp'), fc.constantFrom<unknown>('yes', 1)),
      fc.tuple(fc.constantFrom('gpu_model', 'note'), unstorableText),
    ),
    fc.boolean(),
  )
  .map(([[key, value], later]) => (later ? inTheLaterForm({ [key]: value }, 'x', 'y') : { [key]: value }));

/** Pages of zones, far ones and the largest among them, by codes and by names. */
export const zonesQuestion = fc.record(
  {
    page: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 3 }) }, { weight: 1, arbitrary: fc.constantFrom(1_000, 2_147_483_647) }),
    page_size: fc.constantFrom(1, 2, 10, 100, 101, 1_000),
    resource_type: fc.constantFrom('401', '智算', '777', '超算', 'nothing'),
    region: fc.constantFrom(...CITY_NAMES),
    organization: fc.constantFrom(ORGANIZATION, ORGANIZATION, '20004', '中科曙光'),
  },
  { requiredKeys: ['page', 'page_size'] },
);

export const faultyZonesQuestion = fc.constantFrom({ page: 0, page_size: 10 }, { page: -1, page_size: 10 }, { page: 1, page_size: 1_001 }, { page: 1.25, page_size: 10 }, { page: 1, page_size: 10, region: 'a\0b' });
