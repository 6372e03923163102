import { z } from 'zod';
import { route, type Route } from '../engine/contract.js';
import { text } from '../engine/value.shapes.js';
import { machineAnswer, statusAnswer, ticketAnswer } from './answer.shapes.js';
import { machine, machinePages, ticket, type LogInData, type MachinesData } from './results.js';

const given = text.min(1, { error: 'text' });
const credentials = z.object({
  username: given.meta({ en: 'The name of the user.', zh: '用户名' }),
  password: given.meta({ en: 'The password.', zh: '密码' }),
});

/** SimpleServerAPI: status, ticket, machines. */
export const routes: readonly Route[] = [
  {
    method: 'GET',
    path: '/status',
    summary: { en: 'Whether the service and all it needs are up.', zh: '可用状态' },
    readiness: ({ ready, message }) =>
      ready ? { status: 200, body: { code: 200, message: 'OK' } } : { status: 503, body: { code: 503, message } },
    answers: statusAnswer,
  },
  route<z.output<typeof credentials>, LogInData>({
    method: 'POST',
    path: '/ticket',
    summary: { en: 'A ticket of two hours for a username and a password.', zh: '登录' },
    credential: 'none',
    takes: { from: 'body', shape: credentials },
    operation: 'LogIn',
    refuses: ['WRONG_CREDENTIALS', 'TOO_MANY_LOGINS'],
    variables: ({ username, password }) => ({ input: { username, password } }),
    result: ticket,
    answers: ticketAnswer,
    wording: (_code, { missing }) => (missing ? 'Invalid request: missing username or password' : undefined),
  }),
  route<undefined, MachinesData>({
    method: 'GET',
    path: '/info',
    summary: { en: 'Every machine that the caller may use.', zh: '可用机器' },
    credential: 'required',
    takes: { from: 'nothing' },
    operation: 'Machines',
    variables: () => ({}),
    result: ({ machines }) => machines.nodes.map(machine),
    answers: z.array(machineAnswer),
    pages: machinePages,
    freshWhile: 'machines.inventory',
  }),
];
