import { mayBecome } from '@hutong/common';
import { expect, test } from 'vitest';
import { TASK_STATES, TaskState } from './task.states.js';

const all = Object.values(TaskState);

test('every state can be reached from OFFERED, and an end from every state', () => {
  const reach = (from: TaskState): Set<TaskState> => {
    const seen = new Set([from]);
    for (const state of seen) for (const next of TASK_STATES[state].next) seen.add(next);
    return seen;
  };
  expect(reach(TaskState.OFFERED)).toEqual(new Set(all));
  for (const state of all) expect([...reach(state)].some((end) => TASK_STATES[end].next.length === 0), state).toBe(true);
});

test('what is over stays over', () => {
  for (const to of all) expect(mayBecome(TASK_STATES, TaskState.RELEASED, to) || mayBecome(TASK_STATES, TaskState.EXPIRED, to)).toBe(false);
});

test('what is being allocated is left only by its outcome', () => {
  expect(all.filter((to) => mayBecome(TASK_STATES, TaskState.ALLOCATING, to))).toEqual([TaskState.ALLOCATED, TaskState.FAILED]);
});
