import { z } from 'zod';
import { JOB_STATES } from './list.query.js';
import { count, instant, listTotals, names, text } from './values.answers.js';

/** What the state of a notebook, training or service is called. */
const status = z.enum(JOB_STATES).meta({ en: 'The state, in lower case.', zh: '状态' });

/** What every job tells. */
const job = {
  id: z.uuid().meta({ en: 'The id.', zh: 'id' }),
  name: text.meta({ en: 'The name.', zh: '名称' }),
  status,
  engine: text.meta({ en: 'The environment that it runs in.', zh: '运行环境' }),
  codePath: text.meta({ en: 'Where its code is; empty for none.', zh: '代码路径，无则为空' }),
  createTime: instant.meta({ en: 'When it was made.', zh: '创建时间' }),
  deviceType: text.meta({ en: 'cpu, or the name of a GPU.', zh: '设备类型：cpu 或 GPU 型号' }),
  deviceNum: count.meta({ en: 'How many devices it has.', zh: '设备数量' }),
  desc: text.meta({ en: 'What it is for.', zh: '描述' }),
};

/** A notebook. */
export const codeEnvAnswer = z
  .object({ ...job, JupyterUrl: text.meta({ en: 'Opens its Jupyter server, for the owner and a few minutes; empty while it does not run.', zh: 'Jupyter 地址，仅所有者短时可用，未运行时为空' }) })
  .meta({ id: 'CodeEnv', en: 'A notebook.', zh: '代码开发环境' });

export const codeEnvsAnswer = z.object({ CodeEnvs: z.array(codeEnvAnswer).meta({ en: 'Those of the page.', zh: '本页内容' }), ...listTotals });

/** Where a notebook's server is, for a program. */
export const endpointAnswer = z.object({
  name: z.literal('ipython').meta({ en: 'What kind of endpoint it is.', zh: '端点类型' }),
  status: z.enum(['pending', 'running']).meta({ en: 'Whether the server answers.', zh: '是否已就绪' }),
  accessPoint: text.meta({ en: 'Its address; empty while it is pending.', zh: '访问地址，未就绪时为空' }),
});

/** A training. */
export const trainingAnswer = z
  .object({
    ...job,
    startupFile: text.meta({ en: 'The file that is started, relative to codePath.', zh: '启动文件，相对于 codePath' }),
    outputPath: text.meta({ en: 'Where its output is; empty for none.', zh: '输出路径，无则为空' }),
    datasetPath: text.meta({ en: 'Where its data is; empty for none.', zh: '数据集路径，无则为空' }),
    params: names.meta({ en: 'The arguments that it is started with.', zh: '运行参数' }),
    statusReason: text.meta({ en: 'Why it is in this state; empty where nothing is to be said.', zh: '状态原因，无则为空' }),
    startTime: instant.meta({ en: 'When it began to run; 0 before that.', zh: '开始时间，未开始为 0' }),
    endTime: instant.meta({ en: 'When it ended; 0 before that.', zh: '结束时间，未结束为 0' }),
    exitCode: z.int().nullable().meta({ en: 'The exit code of its program; null before it ended.', zh: '程序退出码，未结束为 null' }),
    jobTrainingType: text.meta({ en: 'RegularJob, or PSDistJob for several tasks.', zh: '训练类型：RegularJob 或 PSDistJob' }),
    numPs: count.meta({ en: 'How many parameter servers it has.', zh: '参数服务器数量' }),
    numPsWorker: count.meta({ en: 'How many workers it has.', zh: '工作节点数量' }),
  })
  .meta({ id: 'Training', en: 'A training.', zh: '训练' });

export const trainingsAnswer = z.object({ Trainings: z.array(trainingAnswer).meta({ en: 'Those of the page.', zh: '本页内容' }), ...listTotals });

const maxPage = count.meta({ en: 'How many pages of 2,000 lines there are.', zh: '总页数（每页 2000 行）' });

/** The log of a training. */
export const logAnswer = z.union([
  z.object({ log: text.meta({ en: 'The lines.', zh: '日志内容' }), cursor: text.meta({ en: 'To be sent for what comes behind these lines.', zh: '游标，用于获取其后的日志' }), maxPage }),
  z.object({ maxPage: z.literal(0).meta({ type: 'integer', en: 'There is no log yet.', zh: '尚无日志' }) }),
]);

/** The id of what was made. */
export const jobIdAnswer = z.uuid().meta({ en: 'The id of what was made.', zh: '所创建对象的 id' });

const inference = z
  .object({
    jobId: z.uuid().meta({ en: 'The id.', zh: 'id' }),
    jobName: text.meta({ en: 'The name.', zh: '名称' }),
    jobStatus: status,
    jobTime: instant.meta({ en: 'When it was made.', zh: '创建时间' }),
    jobParams: z
      .object({
        modelId: count.meta({ en: 'The id of the model; 0 when it is deleted.', zh: '模型 id，已删除为 0' }),
        modelName: text.meta({ en: 'The name of the model.', zh: '模型名称' }),
        version: text.meta({ en: 'The version of the model.', zh: '模型版本' }),
        model_base_path: text.meta({ en: 'Where the files of the model are.', zh: '模型路径' }),
        framework: text.meta({ en: 'What serves it.', zh: '推理框架' }),
        device: text.meta({ en: 'cpu, or the name of a GPU.', zh: '设备类型：cpu 或 GPU 型号' }),
        deviceNum: count.meta({ en: 'How many devices it has.', zh: '设备数量' }),
        desc: text.meta({ en: 'What it is for.', zh: '描述' }),
        statusReason: text.meta({ en: 'Why it is in this state.', zh: '状态原因' }),
        requests: count.meta({ en: 'How many pictures it was asked about.', zh: '请求总数' }),
        failed: count.meta({ en: 'How many of them failed.', zh: '失败数' }),
        latencyMs: z.number().min(0).meta({ en: 'How long an answer takes, in ms; 0 before the first.', zh: '推理时延，单位毫秒，尚无请求为 0' }),
      })
      .meta({ en: 'What it serves, and how.', zh: '推理参数' }),
  })
  .meta({ id: 'Inference', en: 'An inference service.', zh: '推理服务' });

export const inferenceAnswer = inference;
export const inferencesAnswer = z.object({ inferences: z.array(inference).meta({ en: 'Those of the page.', zh: '本页内容' }), ...listTotals });
export const inferenceIdAnswer = z.object({ jobId: z.uuid().meta({ en: 'The id of the service.', zh: '推理任务 id' }) });
export const imageIdAnswer = z.object({ imageId: z.uuid().meta({ en: 'The id of the picture.', zh: '图片 id' }) });

const label = text.meta({ en: 'The label.', zh: '标签' });
const score = z.number().meta({ en: 'How sure it is.', zh: '置信度' });

/** What a picture shows. */
export const recognitionAnswer = z.union([
  z.object({
    type: z.literal('classify').meta({ en: 'The whole picture has a label.', zh: '分类' }),
    data: z.array(z.tuple([label, score])).meta({ en: 'Labels with their scores, best first.', zh: '标签与置信度，最佳在前' }),
  }),
  z.object({
    type: z.literal('detection').meta({ en: 'Things in the picture have labels.', zh: '检测' }),
    data: z.array(z.tuple([label, score, z.tuple([z.number(), z.number(), z.number(), z.number()]).meta({ en: 'x, y, width and height, in pixels.', zh: 'x、y、宽、高，单位像素' })])).meta({ en: 'Labels with their scores and boxes.', zh: '标签、置信度与位置' }),
  }),
]);
