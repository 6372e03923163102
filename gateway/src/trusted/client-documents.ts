import type { GatewaySettings } from '../environment.js';
import { OperationTexts } from '../http/operation-texts.js';
import type { Limits } from '../limits/limits.js';
import { limitsOfTrusted, TrustedOperations } from './trusted-operations.js';

/** Which documents clients may run, and what holds for them. */
export interface ClientDocuments {
  texts: OperationTexts;
  limits: Limits;
  introspection: boolean;
}

/** @throws SettingError when the list of trusted operations cannot be read */
export async function clientDocuments({ trustedOperations, limits, introspection }: Pick<GatewaySettings, 'trustedOperations' | 'limits' | 'introspection'>): Promise<ClientDocuments> {
  if (trustedOperations === undefined) return { texts: new OperationTexts(limits), limits, introspection };
  const trusted = await TrustedOperations.read(trustedOperations);
  // An operation that asks for the schema runs where it is on the list.
  return { texts: new OperationTexts(limits, trusted), limits: limitsOfTrusted(limits), introspection: true };
}
