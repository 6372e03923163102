import type { ContractGuide } from '../engine/contract.js';

/** SimpleServerAPI as its documents introduce it. */
export const guide: ContractGuide = {
  title: { en: 'SimpleServerAPI', zh: 'SimpleServerAPI' },
  description: {
    en: 'Status, login and the machines of the caller. A success is `{"data": …}`, a failure `{"detail": …}` with an HTTP status of its own.',
    zh: '服务状态、登录与可用机器。成功返回 `{"data": …}`，失败返回 `{"detail": …}` 与相应的 HTTP 状态。',
  },
  version: '1.0.0',
  credential: 'ticket',
  numbers: {
    400: { en: 'bad input', zh: '参数错误' },
    401: { en: 'wrong login, or a bad or expired ticket', zh: '登录失败，或 ticket 无效、已过期' },
    403: { en: 'the ticket may not do this', zh: '无权执行此操作' },
    404: { en: 'there is no such thing, or no such route', zh: '对象或路径不存在' },
    405: { en: 'the path does not have this method', zh: '不支持此请求方法' },
    409: { en: 'the state of the thing does not allow this', zh: '当前状态不允许此操作' },
    410: { en: 'no longer kept', zh: '已不再保留' },
    413: { en: 'larger than a limit allows', zh: '超出限制' },
    415: { en: 'the body is not JSON in UTF-8', zh: '请求体不是 UTF-8 编码的 JSON' },
    422: { en: 'the header with the ticket is missing', zh: '缺少携带 ticket 的请求头' },
    429: { en: 'too many tries; Retry-After tells how long to wait', zh: '尝试过多，等待时间见 Retry-After' },
    500: { en: 'something on our side failed', zh: '服务端错误' },
    502: { en: 'what stands behind failed', zh: '后端错误' },
    503: { en: 'a part of the platform is down', zh: '平台的部分服务不可用' },
    504: { en: 'it took too long', zh: '超时' },
    507: { en: 'no room is left', zh: '存储空间不足' },
  },
};
