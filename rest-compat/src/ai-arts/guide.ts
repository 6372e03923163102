import type { ContractGuide } from '../engine/contract.js';
import { CODES } from './error-map.js';

/** AIArts as its documents introduce it. */
export const guide: ContractGuide = {
  title: { en: 'AIArts', zh: 'AIArts' },
  description: {
    en: 'Notebooks, models, trainings, datasets, annotations and inference services. Parameters of GET stand in the query, those of POST in a JSON body, files in a multipart form. `code` is 0 and `msg` success, or the code says what failed and `msg` why. Times are milliseconds since the epoch.',
    zh: '代码开发、模型管理、模型训练、数据集管理、数据标注与推理服务。GET 的参数写在 query_string，POST 的参数使用 JSON body，上传文件使用 form 表单。`code` 为 0 时 `msg` 为 success，否则 `code` 为错误码，`msg` 为错误信息。时间为毫秒时间戳。',
  },
  version: '1.0.0',
  credential: 'bearer',
  numbers: {
    [CODES.PARAMETER]: { en: 'bad parameter, with the name of the field', zh: '参数错误，msg 指明字段' },
    [CODES.APPLICATION]: { en: 'application error', zh: '应用错误' },
    [CODES.FILE_TYPE]: { en: 'the type of the file', zh: '文件类型错误' },
    [CODES.SAVE]: { en: 'the file could not be kept', zh: '文件保存失败' },
    [CODES.EXTRACT]: { en: 'the archive could not be unpacked', zh: '解压失败' },
    [CODES.PATH_MISSING]: { en: 'there is nothing under the path', zh: '路径不存在' },
    [CODES.TOO_LARGE]: { en: 'too large', zh: '超出大小限制' },
    [CODES.PATH_INVALID]: { en: 'the path is not valid', zh: '路径不合法' },
    [CODES.NO_FILE]: { en: 'there is no file in the form', zh: '表单中没有文件' },
    [CODES.DATASET_IN_USE]: { en: 'the dataset is in use', zh: '数据集正在使用' },
    [CODES.NAME_EXISTS]: { en: 'the name exists', zh: '名称已存在' },
    [CODES.CODE_PATH]: { en: 'the code or its start file is not there', zh: '代码路径错误' },
    [CODES.TRAINING_TYPE]: { en: 'the type of the training', zh: '训练类型错误' },
    [CODES.START]: { en: 'it could not be started', zh: '启动失败' },
    [CODES.UNAUTHORIZED]: { en: 'no token, or a bad one', zh: '缺少 token 或 token 无效' },
    [CODES.NOT_YOURS]: { en: 'it belongs to somebody else', zh: '无权访问' },
    [CODES.NOT_FOUND]: { en: 'there is no such thing, or no such route', zh: '对象或路径不存在' },
    [CODES.OURS]: { en: 'something on our side failed', zh: '服务端错误' },
    [CODES.BEHIND]: { en: 'what stands behind is not set up, refused or did not answer', zh: '引擎或标注服务未配置、拒绝或没有响应' },
  },
};
