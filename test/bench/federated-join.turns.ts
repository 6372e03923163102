// Sides of the join in this one process, in turns; prints the microseconds of processor time of a join of each round, as one line of
// JSON. Argument: which sides, how many rounds, and how many turns of each side in one.
import { joiningSides, type Joining, type JoiningSide } from './federated-join.world.ts';

const CALLERS = 16;
const JOINS_OF_TURN = 64;

/** Microseconds of processor time that the joins of one turn take, of 16 callers who wait for each answer. */
async function turn({ join }: Joining): Promise<number> {
  let left = JOINS_OF_TURN;
  const caller = async (): Promise<void> => {
    while (left-- > 0) await join();
  };
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: CALLERS }, caller));
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

const { sides, rounds, turns } = JSON.parse(process.argv[2]!) as { sides: JoiningSide[]; rounds: number; turns: number };
const compared: { name: JoiningSide; joining: Joining; micros: number[] }[] = [];
for (const name of sides) compared.push({ name, joining: await joiningSides[name](), micros: [] });
// The first round is for the compiler.
for (let round = 0; round <= rounds; round += 1) {
  const taken = compared.map(() => 0);
  for (let count = 0; count < turns; count += 1) for (const [n, { joining }] of compared.entries()) taken[n]! += await turn(joining);
  if (round > 0) for (const [n, { micros }] of compared.entries()) micros.push(Math.round(taken[n]! / (turns * JOINS_OF_TURN)));
}
console.log(JSON.stringify(Object.fromEntries(compared.map(({ name, micros }) => [name, micros]))));
process.exit();
