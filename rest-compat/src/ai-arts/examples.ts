// Things as the contract shows them, for the examples of its documents.

const NOTEBOOK = '8f14e45f-ceea-467f-a8f1-0d1d2c9c2a10';
const TRAINING = '8f14e45f-ceea-467f-a8f1-0d1d2c9c2a11';
const SERVICE = '8f14e45f-ceea-467f-a8f1-0d1d2c9c2a15';
export const IMAGE = '8f14e45f-ceea-467f-a8f1-0d1d2c9c2a14';
export const CODE_PATH = 'code/8f14e45f-ceea-467f-a8f1-0d1d2c9c2a12';
export const DATASET_PATH = 'dataset/8f14e45f-ceea-467f-a8f1-0d1d2c9c2a13';
export const MODEL_PATH = 'model/8f14e45f-ceea-467f-a8f1-0d1d2c9c2a16';

const made = 1_769_846_400_000;

export const onePage = { total: 1, totalPage: 1 };
export const firstPage = { pageNum: 1, pageSize: 10 };

export const notebookExample = { id: NOTEBOOK, name: '笔记', status: 'running', engine: 'python', codePath: CODE_PATH, JupyterUrl: '', createTime: made, deviceType: 'cpu', deviceNum: 1, desc: '' };

export const trainingExample = {
  id: TRAINING, name: '手写数字', status: 'finished', engine: 'python', codePath: CODE_PATH, createTime: made, deviceType: 'cpu', deviceNum: 2, desc: '',
  startupFile: 'train.py', outputPath: '', datasetPath: DATASET_PATH, params: { lr: 0.1 }, statusReason: '', startTime: made + 1_500, endTime: made + 60_000, exitCode: 0,
  jobTrainingType: 'RegularJob', numPs: 0, numPsWorker: 0,
};

const files = { description: '', creator: 'alice', version: '1', status: 'normal', isPrivate: true, createdAt: made, updatedAt: made };

export const datasetExample = { ...files, id: 3, name: 'mnist', size: 11_594_722, fileCount: 4, path: DATASET_PATH };

export const modelExample = { ...files, id: 4, name: 'digits', size: 26_454, fileCount: 1, path: MODEL_PATH, format: 'onnx', use: '识别', engine: 'tensorflow-2.4', precision: 'fp32', params: { layers: 3 }, jobId: TRAINING };

export const inferenceExample = {
  jobId: SERVICE, jobName: '识别', jobStatus: 'running', jobTime: made,
  jobParams: { modelId: 4, modelName: 'digits', version: '1', model_base_path: MODEL_PATH, framework: 'onnx', device: 'cpu', deviceNum: 1, desc: '', statusReason: '', requests: 7, failed: 1, latencyMs: 4.5 },
};
