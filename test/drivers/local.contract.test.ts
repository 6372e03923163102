import { afterAll, describe } from 'vitest';
import { bubblewrap, isMissing } from '../testkit/engines.js';
import { engineContract } from './engine.contract.js';
import { localEngine, type LocalEngineUnderTest } from './local.engine.js';

describe.skipIf(isMissing(bubblewrap))('the local engine, in bubblewrap', () => {
  let engine: LocalEngineUnderTest | undefined;
  engineContract(async () => (engine = await localEngine('bubblewrap')));
  afterAll(() => engine?.remove());
});

describe('the local engine, without a sandbox', () => {
  let engine: LocalEngineUnderTest | undefined;
  engineContract(async () => (engine = await localEngine('none')));
  afterAll(() => engine?.remove());
});
