import { describe } from 'vitest';
import { endJobs, LOCAL_ENGINE, localHoldings } from '../testkit/training.js';
import { jobCrashes } from './jobs.crash.js';

describe('kill -9 with trainings on this host', () => {
  jobCrashes(async () => ({ environment: LOCAL_ENGINE, holdings: localHoldings, remove: endJobs }), 4);
});
