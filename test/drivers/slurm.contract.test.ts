import { afterAll, describe } from 'vitest';
import { isMissing, slurm } from '../testkit/engines.js';
import { engineContract } from './engine.contract.js';
import { slurmEngine, type SlurmUnderTest } from './slurm.engine.js';

describe.skipIf(isMissing(slurm))('the Slurm driver, on a real Slurm', () => {
  let engine: SlurmUnderTest | undefined;
  engineContract(async () => (engine = await slurmEngine()));
  afterAll(() => engine?.remove());
});
