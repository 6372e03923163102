/** What a state means, and what may follow it. */
export interface StateRow<State extends string> {
  description: string;
  next: readonly State[];
}

/** The states of something and the steps between them. What is not in it does not happen. */
export type TransitionTable<State extends string> = Readonly<Record<State, StateRow<State>>>;

/** Whether the table knows this step. */
export const mayBecome = <State extends string>(table: TransitionTable<State>, from: State, to: State): boolean => table[from].next.includes(to);

/** What each state means, as type-graphql's `registerEnumType` takes it in `valuesConfig`. */
export const describedStates = <State extends string>(table: TransitionTable<State>): Record<State, { description: string }> =>
  Object.fromEntries(Object.entries<StateRow<State>>(table).map(([state, { description }]) => [state, { description }])) as Record<State, { description: string }>;
