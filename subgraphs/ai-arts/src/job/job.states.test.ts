import { mayBecome } from '@hutong/common';
import { describe, expect, test } from 'vitest';
import { hasEnded, isLiving, JOB_STATES, JobState, stepsBetween } from './job.states.js';

const ALL = Object.values(JobState);

describe('the states of a job', () => {
  test('a job may be ended from every state that is no end, and by nothing else than a new run does it leave an end', { tags: ['ai-arts/jobs/kill-any'] }, () => {
    for (const state of ALL) {
      const ways = [JobState.KILLING, JobState.KILLED].filter((by) => mayBecome(JOB_STATES, state, by));
      if (hasEnded(state)) expect(JOB_STATES[state].next).toEqual([JobState.QUEUED]);
      else expect(ways, state).not.toEqual([]);
    }
  });

  test('what the engine did between two looks is told state by state', { tags: ['ai-arts/jobs/running'] }, () => {
    expect(stepsBetween(JobState.QUEUED, JobState.FINISHED)).toEqual(['SCHEDULING', 'RUNNING', 'FINISHED']);
    expect(stepsBetween(JobState.SCHEDULING, JobState.FINISHED)).toEqual(['RUNNING', 'FINISHED']);
    expect(stepsBetween(JobState.QUEUED, JobState.ERROR)).toEqual(['ERROR']);
    expect(stepsBetween(JobState.QUEUED, JobState.FAILED)).toEqual(['SCHEDULING', 'FAILED']);
    expect(stepsBetween(JobState.RUNNING, JobState.PAUSED)).toBeUndefined();
    expect(stepsBetween(JobState.KILLED, JobState.RUNNING)).toBeUndefined();
  });

  test('every way between two states is one of steps that the table knows', () => {
    for (const from of ALL) {
      for (const to of ALL) {
        const steps = stepsBetween(from, to);
        let at = from;
        for (const step of steps ?? []) {
          expect(mayBecome(JOB_STATES, at, step), `${at} → ${step}`).toBe(true);
          at = step;
        }
      }
    }
    expect(ALL.filter((state) => !isLiving(state))).toEqual(['UNAPPROVED', 'PAUSED', 'FINISHED', 'FAILED', 'ERROR', 'KILLED']);
  });
});
