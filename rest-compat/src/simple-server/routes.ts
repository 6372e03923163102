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
    example: { answers: { code: 200, message: 'OK' } },
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
    example: { takes: { username: 'user1', password: 'A1B2C3D4E5F6G7H8I9HD' }, answers: { CSRFPreventionToken: 'c8f1…', ticket: 'hutong-…', username: 'user1', expires_at: '2026-01-31T10:00:00.000Z' } },
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
    example: { answers: [{ id: 100, cpus: 32, status: 'running', mem: 11_591_667_560, GPU: 'NVIDIA RTX4090', ip: '192.168.1.100', name: 'Aimlab001', maxdisk: 128_849_018_880 }] },
    pages: machinePages,
    freshWhile: 'machines.inventory',
  }),
];
