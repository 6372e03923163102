import type { House } from '@hutong/common';
import type { AiArtsSettings } from '../environment.js';
import { CallerAssertions } from './caller.assertion.js';
import { CONTRACT_ANNOTATIONS, LabelGate } from './label.gate.js';
import { LabelProxy } from './label.proxy.js';
import { LabelServer } from './label.server.js';

export interface LabellingParts {
  house: Pick<House, 'secret'>;
  settings: Pick<AiArtsSettings, 'labelServer'>;
}

/** Annotations as resolvers and routes use them. */
export interface Labelling {
  labelGate: LabelGate;
  /** Undefined: there is none. */
  labelServer: LabelServer | undefined;
  /** A JWK Set; empty without a label server, or where it shares a secret with us. */
  assertionKeys: CallerAssertions['keys'];
  stop(): Promise<void>;
}

export async function openLabelling({ house, settings: { labelServer: settings } }: LabellingParts): Promise<Labelling> {
  if (!settings) return { labelGate: new LabelGate(undefined), labelServer: undefined, assertionKeys: { keys: [] }, stop: async () => undefined };
  const server = new LabelServer(settings);
  const assertions = await CallerAssertions.open({ platformSecret: house.secret, sharedSecret: settings.secret, audience: server.audience });
  const proxy = new LabelProxy({ server, assertions, settings, path: CONTRACT_ANNOTATIONS });
  return { labelGate: new LabelGate({ server, proxy }), labelServer: server, assertionKeys: assertions.keys, stop: () => proxy.close() };
}
