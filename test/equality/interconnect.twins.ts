import type { Actor } from '../testkit/actor.js';
import { sendAs } from '../testkit/http.js';
import { rowsOfPage } from './paging.js';
import { asked, twinOf, type Numbers, type Outcome, type Twin } from './twin.js';

// 互通: each row of its page, by the contract and as a GraphQL client would do it.

/** From the page: 400 bad input, 401 no or bad token, 403 not allowed, 404, 409, 413, 429, 500. */
const NUMBERS: Numbers = {
  BAD_INPUT: 400, IDENTIFIER_INVALID: 400, LIMIT_EXCEEDED: 400, UNAUTHENTICATED: 401, FORBIDDEN: 403,
  IDENTIFIER_NOT_REGISTERED: 404, TASK_NOT_FOUND: 404, RESOURCE_NOT_FOUND: 404,
  NOT_OFFERED: 409, TASK_NOT_OPEN: 409, RESOURCE_STALE: 409, NO_CAPACITY: 409, NO_ADDRESS: 409,
};

/** A request whose answer is `{code, message, data}` with HTTP 200. */
async function ofContract(actor: Actor, method: string, path: string, body?: unknown): Promise<Outcome> {
  const { status, json, text } = await sendAs(actor, { method, path: `/api/v1${path}`, body });
  if (status !== 200 || Object.keys(json as object).join() !== 'code,message,data') throw new Error(`no envelope of 互通: HTTP ${status} ${text}`);
  if (json.code === 0) return { data: json.data };
  if (json.message === '' || JSON.stringify(json.data) !== '{}') throw new Error(`no refusal of 互通: ${text}`);
  return { refused: json.code };
}

/** A report in the words of the contract's document. */
export type Report = Record<string, unknown>;

export interface ZonesQuestion {
  page: number;
  page_size: number;
  resource_type?: string | undefined;
  region?: string | undefined;
  organization?: string | undefined;
}

export interface Choice {
  task_id: unknown;
  computing_resource_id: unknown;
  result: unknown;
}

const ZONES = `query ($filter: ResourceFilter, $first: Int, $offset: Int) {
  availabilityZones(filter: $filter, first: $first, offset: $offset) {
    totalCount
    nodes { organization { name } region { name } availabilityZone { name } industry { name } }
  }
}`;

type Zone = Record<'organization' | 'region' | 'availabilityZone' | 'industry', { name: string }>;

const OFFERED = `mutation ($input: SubmitTaskInput!) {
  submitTask(input: $input) {
    id
    offers(first: 100) {
      totalCount
      nodes {
        resource {
          id powerConsumption cpuPerformance cpuAvailable gpuModel gpuPerformance gpuMemory gpuAvailable networkDelayMs networkPerformance
          networkIsIxp networkIps networkAvailable networkIpsAvailable networkPorts price
          identifier { organization { name } region { name } availabilityZone { name } industry { name } resourceType { name } serviceType { name } }
        }
      }
    }
  }
}`;

/** Every row of the 互通 contract. */
export const interconnectTwins = {
  'POST /computing_ids': twinOf<unknown>(
    NUMBERS,
    (actor, values) => ofContract(actor, 'POST', '/computing_ids/', { computing_ids: values }),
    async (actor, values) => {
      await asked(actor, 'mutation ($input: RegisterComputingIdentifiersInput!) { registerComputingIdentifiers(input: $input) { registered known } }', { input: { values } });
      return {};
    },
  ),

  'POST /computing_resources': twinOf<Report[]>(
    NUMBERS,
    (actor, reports) => ofContract(actor, 'POST', '/computing_resources/', { computing_resources: reports }),
    async (actor, reports) => {
      await asked(actor, 'mutation ($input: ReportComputingResourcesInput!) { reportComputingResources(input: $input) { created updated late } }', { input: { reports: reports.map(inGraphWords) } });
      return {};
    },
  ),

  'GET /computing_resources': twinOf<ZonesQuestion>(
    NUMBERS,
    (actor, question) => ofContract(actor, 'GET', `/computing_resources/?${new URLSearchParams(Object.entries(question).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)] as [string, string]]))).toString()}`),
    async (actor, { page, page_size, resource_type: resourceType, region, organization }) => {
      const { count, rows } = await rowsOfPage<Zone>(page, page_size, async (first, offset) => (await asked(actor, ZONES, { filter: { resourceType, region, organization }, first, offset })).availabilityZones);
      return { count, results: rows.map((zone) => ({ organization: zone.organization.name, region: zone.region.name, availability_zone: zone.availabilityZone.name, industry: zone.industry.name })) };
    },
  ),

  'POST /query_computing_resources_by_task_template': twinOf<Record<string, unknown>>(
    NUMBERS,
    (actor, template) => ofContract(actor, 'POST', '/query_computing_resources_by_task_template/', template),
    async (actor, template) => {
      const { submitTask } = await asked(actor, OFFERED, { input: { template } });
      return { task_id: Number(submitTask.id), count: submitTask.offers.totalCount, results: submitTask.offers.nodes.map(({ resource }: { resource: Resource }) => inContractWords(resource)) };
    },
  ),

  'POST /task_path': twinOf<Choice>(
    NUMBERS,
    (actor, choice) => ofContract(actor, 'POST', '/task_path/', choice),
    async (actor, { task_id: taskId, computing_resource_id: computingResourceId, result: accept }) => {
      const { chooseTaskPath } = await asked(actor, 'mutation ($input: ChooseTaskPathInput!) { chooseTaskPath(input: $input) { resourceUrl } }', { input: { taskId, computingResourceId, accept } });
      return { computing_resource_url: accept === true ? chooseTaskPath.resourceUrl : '' };
    },
  ),
} satisfies Record<string, Twin<never>>;

/** What a provider's program writes that speaks to the graph. */
function inGraphWords(report: Report): Record<string, unknown> {
  const { computing_id, power_consumption, gpu_available, network_delay, network_isixp, observed_at, ...alike } = report;
  const named = Object.entries(alike).map(([name, value]) => [name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()), value]);
  return {
    ...Object.fromEntries(named),
    identifier: computing_id,
    powerConsumption: numberIn(power_consumption),
    gpuAvailable: numberIn(gpu_available),
    networkDelayMs: millisecondsIn(network_delay),
    networkIsIxp: network_isixp,
    observedAt: observed_at,
  };
}

const numberIn = (value: unknown): unknown => (typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value);

/** `"1.005s"` is 1005 and `"0.5ms"` 0.5; what is no delay stays what it is. */
function millisecondsIn(delay: unknown): unknown {
  const [, digits, unit] = /^([\d.]+)(ms|s)$/.exec(String(delay)) ?? [];
  return digits === undefined ? delay : Number(unit === 's' ? `${digits}e3` : digits);
}

interface Resource extends Record<string, unknown> {
  id: string;
  networkDelayMs: number;
  identifier: Record<'organization' | 'region' | 'availabilityZone' | 'industry' | 'resourceType' | 'serviceType', { name: string }>;
}

function inContractWords({ id, identifier, networkDelayMs, ...state }: Resource): Record<string, unknown> {
  return {
    id: Number(id),
    organization: identifier.organization.name,
    region: identifier.region.name,
    availability_zone: identifier.availabilityZone.name,
    industry: identifier.industry.name,
    resource_type: identifier.resourceType.name,
    service_type: identifier.serviceType.name,
    power_consumption: state['powerConsumption'],
    cpu_performance: state['cpuPerformance'],
    cpu_available: state['cpuAvailable'],
    gpu_model: state['gpuModel'],
    gpu_performance: state['gpuPerformance'],
    gpu_memory: state['gpuMemory'],
    gpu_available: state['gpuAvailable'],
    network_delay: `${decimal(networkDelayMs)}ms`,
    network_performance: state['networkPerformance'],
    network_isixp: state['networkIsIxp'],
    network_ips: state['networkIps'],
    network_available: state['networkAvailable'],
    network_ips_available: state['networkIpsAvailable'],
    network_ports: state['networkPorts'],
    price: state['price'],
  };
}

/** A number as people write it, without an exponent. */
const decimal = (value: number): string => value.toLocaleString('en', { useGrouping: false, maximumFractionDigits: 20 });
