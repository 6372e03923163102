import { isIP } from 'node:net';
import { badInput, isAdmin, textFault, type RequestScope } from '@hutong/common';
import { LockMode, type EntityManager } from '@mikro-orm/postgresql';
import { urlFault } from '../webhook/http-url.js';
import type { NetworkPolicy } from '../webhook/network.policy.js';
import { Provider } from './provider.entity.js';
import type { SaveProviderInput } from './provider.types.js';
import type { SecretBox } from './secret.box.js';
import { templateFault } from './url-template.js';

/** A webhook with what it takes to call it; `secret` is undefined when it can no longer be read. */
export interface ProviderAddressing {
  urlTemplate: string | null;
  webhook: { url: string; secret: string | undefined; timeoutMs: number } | null;
}

const DEFAULT_TIMEOUT_SECONDS = 5;
const LONGEST_TIMEOUT_SECONDS = 20;
const SECRET_LENGTH = { min: 16, max: 255 };

/** What is known of providers, and who may know it. */
export class ProviderService {
  constructor(
    private readonly policy: NetworkPolicy,
    private readonly secrets: SecretBox,
  ) {}

  /** All providers for an admin, a provider's own organization for everybody else; by code. */
  list({ em, caller }: RequestScope): Promise<Provider[]> {
    return em.find(Provider, isAdmin(caller) ? {} : { organizationCode: caller.organization ?? '' }, { orderBy: { organizationCode: 'asc' } });
  }

  /** Saves what the input names; may be repeated. BAD_INPUT names the field. */
  async save({ em }: RequestScope, input: SaveProviderInput): Promise<Provider> {
    this.#check(input);
    return em.transactional(async (tx) => {
      const provider = await this.#locked(tx, input.organization);
      const { urlTemplate, webhookUrl, webhookSecret, allocationTimeoutSeconds } = input;
      if (urlTemplate !== undefined) provider.urlTemplate = urlTemplate;
      if (webhookUrl !== undefined) provider.webhookUrl = webhookUrl;
      if (webhookSecret !== undefined) provider.webhookSecret = webhookSecret === null ? null : this.secrets.close(webhookSecret);
      if (allocationTimeoutSeconds !== undefined) provider.allocationTimeoutSeconds = allocationTimeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS;
      provider.savedAt = new Date();
      if (provider.webhookUrl !== null && provider.webhookSecret === null)
        throw badInput({ field: 'input.webhookSecret', problem: 'expected a secret to sign with, as there is a webhookUrl' });
      await tx.persist(provider).flush();
      return provider;
    });
  }

  /** How an organization's addresses are made; nothing is set for one that was never saved. */
  async addressing(em: EntityManager, organization: string): Promise<ProviderAddressing> {
    const provider = await em.findOne(Provider, { organizationCode: organization }, { populate: ['webhookSecret'] });
    if (!provider) return { urlTemplate: null, webhook: null };
    const { urlTemplate, webhookUrl: url, webhookSecret, allocationTimeoutSeconds } = provider;
    if (url === null) return { urlTemplate, webhook: null };
    const secret = webhookSecret === null ? undefined : this.secrets.open(webhookSecret);
    return { urlTemplate, webhook: { url, secret, timeoutMs: allocationTimeoutSeconds * 1_000 } };
  }

  async #locked(tx: EntityManager, organizationCode: string): Promise<Provider> {
    const blank = { organizationCode, urlTemplate: null, webhookUrl: null, webhookSecret: null, allocationTimeoutSeconds: DEFAULT_TIMEOUT_SECONDS, savedAt: new Date() };
    await tx.createQueryBuilder(Provider).insert(blank).onConflict('organizationCode').ignore().execute();
    return tx.findOneOrFail(Provider, { organizationCode }, { lockMode: LockMode.PESSIMISTIC_WRITE, populate: ['webhookSecret'] });
  }

  #check({ organization, urlTemplate, webhookUrl, webhookSecret, allocationTimeoutSeconds: seconds }: SaveProviderInput): void {
    if (!/^\d{5}$/.test(organization)) throw badInput({ field: 'input.organization', problem: 'expected a code of 5 digits' });
    const fault = urlTemplate == null ? undefined : templateFault(urlTemplate);
    if (fault) throw badInput({ field: 'input.urlTemplate', problem: `expected ${fault}` });
    if (webhookUrl != null) this.#checkWebhook(webhookUrl);
    if (webhookSecret != null && !isSecret(webhookSecret))
      throw badInput({ field: 'input.webhookSecret', problem: `expected ${SECRET_LENGTH.min} to ${SECRET_LENGTH.max} characters` });
    if (seconds != null && (seconds < 1 || seconds > LONGEST_TIMEOUT_SECONDS))
      throw badInput({ field: 'input.allocationTimeoutSeconds', problem: `expected an integer from 1 to ${LONGEST_TIMEOUT_SECONDS}, got ${seconds}` });
  }

  /** A literal address can be judged now; a name is judged each time it is connected to. */
  #checkWebhook(webhookUrl: string): void {
    const field = 'input.webhookUrl';
    const fault = urlFault(webhookUrl);
    if (fault) throw badInput({ field, problem: `expected ${fault}` });
    const { hostname, hash } = new URL(webhookUrl);
    if (hash !== '') throw badInput({ field, problem: 'expected a URL without a fragment' });
    const host = hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0 && !this.policy.permits(host))
      throw badInput({ field, problem: 'expected a public address, or one within SCHEDULING_WEBHOOK_ALLOWED_NETWORKS' });
  }
}

const isSecret = (text: string): boolean => text.length >= SECRET_LENGTH.min && textFault(text, SECRET_LENGTH.max) === undefined;
