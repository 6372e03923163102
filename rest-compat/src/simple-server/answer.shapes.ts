import { z } from 'zod';

const bytes = z.int().min(0);

/** Whether the service is up. */
export const statusAnswer = z.object({
  code: z.literal([200, 503]).meta({ type: 'integer', en: '200 when all is up, else 503.', zh: '正常为 200，否则为 503' }),
  message: z.string().meta({ en: 'OK, or what is down.', zh: 'OK，或说明哪部分不可用' }),
});

/** A session. */
export const ticketAnswer = z
  .object({
    CSRFPreventionToken: z.string().meta({ en: 'May be sent along as the header of this name; it is checked then.', zh: '可作为同名请求头发送，发送时会被校验' }),
    ticket: z.string().meta({ en: 'The credential, good for two hours.', zh: '会话凭证，有效期两小时' }),
    username: z.string().meta({ en: 'The name of the user.', zh: '用户名' }),
    expires_at: z.iso.datetime().meta({ en: 'When the ticket ends.', zh: '失效时间' }),
  })
  .meta({ id: 'Ticket', en: 'A session.', zh: '会话' });

/** A machine, with every other field that its record has. */
export const machineAnswer = z
  .looseObject({
    id: z.int().min(0).meta({ en: 'The id of the machine.', zh: '机器 ID' }),
    cpus: z.int().min(0).meta({ en: 'How many CPU cores it has.', zh: '机器 CPU 核心数' }),
    status: z.enum(['running', 'stopped']).meta({ en: 'Whether it runs.', zh: '机器运行状态' }),
    mem: bytes.meta({ en: 'Memory, in bytes.', zh: '机器的运行内存，单位 B' }),
    GPU: z.string().meta({ en: 'The model of the GPU.', zh: '机器的 GPU 类型' }),
    ip: z.ipv4().meta({ en: 'The IPv4 address.', zh: '机器 DHCP 的 IPv4 地址' }),
    name: z.string().optional().meta({ en: 'The name.', zh: '机器名称（字符串简单标识）' }),
    maxdisk: bytes.optional().meta({ en: 'Disk space, in bytes.', zh: '机器磁盘空间，单位 B' }),
  })
  .meta({ id: 'Machine', en: 'A machine; other fields of its record stand beside these.', zh: '机器信息，其余字段一并返回' });
