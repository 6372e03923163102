import { z } from 'zod';
import { trainingAnswer } from './job.answers.js';
import { count, instant, listPage, listTotals, names, text } from './values.answers.js';

const keptFiles = {
  id: count.meta({ en: 'The id.', zh: 'id' }),
  name: text.meta({ en: 'The name.', zh: '名称' }),
  description: text.meta({ en: 'What it is; may be empty.', zh: '描述，可为空' }),
  creator: text.meta({ en: 'Who made it.', zh: '创建者' }),
  version: text.meta({ en: 'Its version.', zh: '版本' }),
  status: z.literal('normal').meta({ en: 'There is one state.', zh: '状态，仅 normal' }),
  size: count.meta({ en: 'Size of all files, in bytes.', zh: '文件总大小，单位 B' }),
  fileCount: count.meta({ en: 'How many files it has.', zh: '文件数' }),
  path: text.meta({ en: 'Where the files are, for a training or a service.', zh: '文件路径，供训练或推理使用' }),
  isPrivate: z.boolean().meta({ en: 'Whether only its owner sees it.', zh: '是否仅所有者可见' }),
  createdAt: instant.meta({ en: 'When it was made.', zh: '创建时间' }),
  updatedAt: instant.meta({ en: 'When it was last changed.', zh: '更新时间' }),
};

const dataset = z.object(keptFiles).meta({ id: 'Dataset', en: 'A dataset.', zh: '数据集' });

export const datasetAnswer = z.object({ dataset });
export const datasetsAnswer = z.object({ datasets: z.array(dataset).meta({ en: 'Those of the page.', zh: '本页内容' }), ...listTotals, ...listPage });

const model = z
  .object({
    ...keptFiles,
    format: text.meta({ en: 'onnx, or what else it is.', zh: '模型格式' }),
    use: text.meta({ en: 'What it is used for; may be empty.', zh: '用途，可为空' }),
    engine: text.meta({ en: 'What it was made with; may be empty.', zh: '训练引擎，可为空' }),
    precision: text.meta({ en: 'Its precision; may be empty.', zh: '精度，可为空' }),
    params: names.meta({ en: 'Its parameters.', zh: '参数' }),
    jobId: text.meta({ en: 'The training that it came from; empty for none.', zh: '来源训练的 id，无则为空' }),
  })
  .meta({ id: 'Model', en: 'A model.', zh: '模型' });

export const modelAnswer = z.object({ model, training: trainingAnswer.nullable().meta({ en: 'The training that it came from.', zh: '来源训练，无则为 null' }) });
export const modelsAnswer = z.object({ models: z.array(model).meta({ en: 'Those of the page.', zh: '本页内容' }), ...listTotals, ...listPage });

/** The id of a dataset or model that was made. */
export const fileIdAnswer = z.object({ id: count.meta({ en: 'The id of what was made.', zh: '所创建对象的 id' }) });

/** Where an upload is kept. */
export const uploadAnswer = z.object({ path: text.meta({ en: 'To be given as path, codePath or datasetPath.', zh: '用作 path、codePath 或 datasetPath' }) });
