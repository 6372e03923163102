import type { ContractGuide } from '../engine/contract.js';

/** 互通平台 API as its documents introduce it. */
export const guide: ContractGuide = {
  title: { en: 'Compute interconnection', zh: '互通平台 API' },
  description: {
    en: 'Providers register computing identifiers and report their resources; users ask for zones, submit task templates and choose a path. The HTTP status is 200 whenever this envelope answers: `code` is 0, or says what failed.',
    zh: '厂商注册算力标识并周期性上报算力资源；用户查询可用区、提交任务模版并选择路径。只要返回的是该结构，HTTP 状态即为 200：`code` 为 0 表示请求正常，非 0 时查看 `message`。',
  },
  version: '0.0.1',
  credential: 'token',
  numbers: {
    400: { en: 'bad input: the message names the field', zh: '参数错误，message 指明字段' },
    401: { en: 'no token, or a bad one', zh: '缺少 token 或 token 无效' },
    403: { en: 'the token may not do this', zh: 'token 无权执行此操作' },
    404: { en: 'there is no such thing, or no such route', zh: '对象或路径不存在' },
    409: { en: 'the state of the thing does not allow this', zh: '当前状态不允许此操作' },
    413: { en: 'larger than a limit allows', zh: '超出限制' },
    429: { en: 'too many at once', zh: '请求过多' },
    500: { en: 'something on our side failed, or did not answer in time', zh: '服务端错误或超时' },
  },
};
