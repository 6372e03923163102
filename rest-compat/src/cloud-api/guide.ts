import type { ContractGuide } from '../engine/contract.js';

/** cloud_api as its documents introduce it. */
export const guide: ContractGuide = {
  title: { en: 'cloud_api', zh: 'cloud_api 云平台接口' },
  description: {
    en: 'Virtual machines for exams and teachers. Every call is a POST of a form whose key `command` says what to do; the answer is JSON with `ret_code` and `description`. The HTTP status is 200 for every `ret_code` but 9. The credential is taken from a header or from the form key `token`; an address in a trusted network needs none.',
    zh: '云平台中可信 OJ 系统的虚拟机接口。每次调用都是以表单提交的 POST，键 `command` 指明服务；返回 JSON，含 `ret_code` 与 `description`。除 9 以外 HTTP 状态均为 200。凭证取自请求头或表单键 `token`，受信任网络内的地址无需凭证。',
  },
  version: '1.0.0',
  credential: 'token',
  numbers: {
    1: { en: 'ERR_INVAL_CMD: unknown command, or none in the form', zh: 'ERR_INVAL_CMD：无效命令/POST 表单中无 command' },
    2: { en: 'ERR_ARG_MISSED: an argument is missing', zh: 'ERR_ARG_MISSED：参数缺失' },
    3: { en: 'ERR_INVAL_IMAGE: there is no image of this name, or several', zh: 'ERR_INVAL_IMAGE：无效的镜像名/不存在名为此的镜像' },
    4: { en: 'ERR_INVAL_FLAVOR: there is no flavor of this name, or several', zh: 'ERR_INVAL_FLAVOR：无效的 flavor/不存在名为此的 flavor' },
    5: { en: 'ERR_INVAL_INTERNET: internet is neither true nor false', zh: 'ERR_INVAL_INTERNET：internet 取了 true 和 false 以外的值' },
    6: { en: 'ERR_INVAL_VM_ID: there is no virtual machine of this id', zh: 'ERR_INVAL_VM_ID：无效的虚拟机 id' },
    7: { en: 'ERR_INVAL_VM_CREATION_FAILURE: the virtual machine could not be made', zh: 'ERR_INVAL_VM_CREATION_FAILURE：虚拟机创建失败' },
    8: { en: 'ERR_INVAL_CLOUD_CONFIG: the cloud is set up wrongly or does not answer; the description has its words', zh: 'ERR_INVAL_CLOUD_CONFIG：云平台配置存在错误或没有响应，请联系云平台管理员' },
    9: { en: 'ERR_UNAUTHORIZED: nobody knows who asks', zh: 'ERR_UNAUTHORIZED：需要认证' },
  },
};
