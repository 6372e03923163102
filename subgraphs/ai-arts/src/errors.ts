import { defineError } from '@hutong/common';

export const engineNotConfigured = defineError<{ remedy: string }>({
  code: 'ENGINE_NOT_CONFIGURED',
  status: 503,
  summary: 'No engine is set up, so notebooks, trainings and services can be neither started nor stopped.',
  remedy: 'Set ENGINE_DRIVER and what its driver needs; the message says what is missing.',
  message: ({ remedy }) => `no engine is set up: ${remedy}`,
});

export const engineUnavailable = defineError<{ words: string }>({
  code: 'ENGINE_UNAVAILABLE',
  status: 503,
  summary: 'The engine does not answer, or refuses our credentials.',
  remedy: 'Try again in a moment; if it stays, an administrator has to look at the engine.',
  message: ({ words }) => words,
});

export const engineRefused = defineError<{ words: string }>({
  code: 'ENGINE_REFUSED',
  status: 409,
  summary: 'The engine can never run this: it asks for more, or for another GPU, than there is.',
  remedy: 'The message names what was asked for and what there is; ask for less.',
  message: ({ words }) => words,
});

export const engineNotIsolated = defineError({
  code: 'ENGINE_NOT_ISOLATED',
  status: 403,
  summary: 'The engine cannot keep the files of users apart, so it runs jobs of administrators only.',
  remedy: 'An administrator installs bubblewrap, or sets ENGINE_LOCAL_UNISOLATED=true.',
  message: () => 'the engine cannot keep the files of users apart, so it runs jobs of administrators only',
});

export const storeUnavailable = defineError<{ words: string }>({
  code: 'STORE_UNAVAILABLE',
  status: 503,
  summary: 'The store of files does not answer, or refuses our credentials.',
  remedy: 'Try again in a moment; if it stays, an administrator has to look at the store.',
  message: ({ words }) => words,
});

export const storeFull = defineError({
  code: 'STORE_FULL',
  status: 507,
  summary: 'The store of files has no room left; nothing of the upload was kept.',
  remedy: 'Delete what is not needed, or have an administrator make room.',
  message: () => 'the store has no room left, so nothing was kept',
});

export const fileTypeRefused = defineError<{ name: string; problem: string }>({
  code: 'FILE_TYPE_REFUSED',
  status: 400,
  summary: 'A file is not of a type that is taken here, is not what its name says, or is an archive that would unpack to more than is allowed.',
  remedy: 'The message names the file and what is wrong with it; nothing of the upload was kept.',
  message: ({ name, problem }) => `${quoted(name)}: ${problem}`,
});

export const pathInvalid = defineError<{ path: string; problem: string }>({
  code: 'PATH_INVALID',
  status: 400,
  summary: 'A path, given or found in an archive, is absolute, leads out of its folder, or has characters that no path may have.',
  remedy: 'Give a relative path without `..`; the message names the path.',
  message: ({ path, problem }) => `${quoted(path)}: ${problem}`,
});

export const pathMissing = defineError<{ path: string }>({
  code: 'PATH_MISSING',
  status: 404,
  summary: 'There is nothing under this path, or it belongs to somebody else.',
  remedy: 'Upload first and give the path that the upload answered.',
  message: ({ path }) => `there is nothing at ${quoted(path)}`,
});

export const archiveBroken = defineError<{ name: string; problem: string }>({
  code: 'ARCHIVE_BROKEN',
  status: 400,
  summary: 'An archive could not be unpacked to its end; nothing of it was kept.',
  remedy: 'Make the archive again; the message says where it broke.',
  message: ({ name, problem }) => `${quoted(name)} could not be unpacked: ${problem}`,
});

export const filesTooLarge = defineError<{ name: string; limit: string }>({
  code: 'FILES_TOO_LARGE',
  status: 413,
  summary: 'A file, or what an archive unpacks to, is larger than allowed; nothing of it was kept.',
  remedy: 'The message names the limit and its setting.',
  message: ({ name, limit }) => `${quoted(name)} is too large: ${limit}`,
});

export const uploadFailed = defineError<{ words: string }>({
  code: 'UPLOAD_FAILED',
  status: 502,
  summary: 'The upload broke off or could not be kept; nothing of it is left.',
  remedy: 'Upload again; large files can be resumed at /ai_arts/uploads (tus).',
  message: ({ words }) => words,
});

export const nameTaken = defineError<{ name: string }>({
  code: 'NAME_TAKEN',
  status: 409,
  summary: 'The owner has a thing of this kind and name already.',
  remedy: 'Take another name, or another version where there are versions.',
  message: ({ name }) => `the name ${quoted(name)} is taken`,
});

export const datasetNotFound = defineError<{ id: string }>({
  code: 'DATASET_NOT_FOUND',
  status: 404,
  summary: 'There is no dataset of this id, or it is deleted.',
  remedy: 'Check the id; `datasets` lists what you can see.',
  message: ({ id }) => `dataset ${quoted(id)} not found`,
});

export const datasetInUse = defineError<{ user: string }>({
  code: 'DATASET_IN_USE',
  status: 409,
  summary: 'A job that has not ended uses the dataset.',
  remedy: 'Wait for the job, or stop it; the message names it.',
  message: ({ user }) => `the dataset is in use by ${user}`,
});

export const modelNotFound = defineError<{ id: string }>({
  code: 'MODEL_NOT_FOUND',
  status: 404,
  summary: 'There is no model of this id, or it is deleted.',
  remedy: 'Check the id; `models` lists what you can see.',
  message: ({ id }) => `model ${quoted(id)} not found`,
});

export const modelInUse = defineError<{ user: string }>({
  code: 'MODEL_IN_USE',
  status: 409,
  summary: 'A job or service that has not ended uses the model.',
  remedy: 'Wait for it, or stop it; the message names it.',
  message: ({ user }) => `the model is in use by ${user}`,
});

export const jobNotFound = defineError<{ id: string }>({
  code: 'JOB_NOT_FOUND',
  status: 404,
  summary: 'There is no notebook, training or service of this id, or it is deleted.',
  remedy: 'Check the id; the lists show what you can see.',
  message: ({ id }) => `job ${quoted(id)} not found`,
});

export const notYours = defineError({
  code: 'NOT_YOURS',
  status: 403,
  summary: 'The thing belongs to somebody else and is not public.',
  remedy: 'Ask its owner, or an administrator.',
  message: () => 'this belongs to somebody else',
});

export const jobState = defineError<{ id: string; state: string; wanted: string }>({
  code: 'JOB_STATE_CONFLICT',
  status: 409,
  summary: 'The state of the notebook, training or service does not allow this.',
  remedy: 'Wait for its next state (`jobChanged` tells), or stop it.',
  message: ({ id, state, wanted }) => `job ${id} is ${state}, so it cannot ${wanted} now`,
});

export const jobQuotaExceeded = defineError<{ most: number; setting: string }>({
  code: 'JOB_QUOTA_EXCEEDED',
  status: 409,
  summary: 'The user has as many jobs of this kind as a user may have.',
  remedy: 'Stop or delete some, or have an administrator raise the setting that the message names.',
  message: ({ most, setting }) => `at most ${most} at a time for a user (${setting}); stop some first`,
});

export const codePathInvalid = defineError<{ problem: string }>({
  code: 'CODE_PATH_INVALID',
  status: 400,
  summary: 'The code of a training is not there, or its start file is not in it or cannot be started.',
  remedy: 'Upload the code first; the start file is a relative path in it and ends in .py, .sh or .js.',
  message: ({ problem }) => problem,
});

export const trainingTypeInvalid = defineError<{ problem: string }>({
  code: 'TRAINING_TYPE_INVALID',
  status: 400,
  summary: 'The type of a training, or the number of its tasks, is not one there is.',
  remedy: 'RegularJob has one task; PSDistJob has numPs and numPsWorker of 1 or more.',
  message: ({ problem }) => problem,
});

export const jobStartFailed = defineError<{ words: string }>({
  code: 'JOB_START_FAILED',
  status: 502,
  summary: 'The job could not be started; nothing of it is left on the engine.',
  remedy: "The message has the engine's own words.",
  message: ({ words }) => words,
});

export const notebookUnavailable = defineError<{ remedy: string }>({
  code: 'NOTEBOOK_UNAVAILABLE',
  status: 503,
  summary: 'Notebooks cannot run: there is no Jupyter server on the engine, or no address to reach it at.',
  remedy: 'The message says what to install or to set.',
  message: ({ remedy }) => `notebooks cannot run: ${remedy}`,
});

export const labelServerNotConfigured = defineError({
  code: 'LABEL_SERVER_NOT_CONFIGURED',
  status: 503,
  summary: 'No label server is set up, so there are no annotations.',
  remedy: 'An administrator sets LABEL_SERVER_URL.',
  message: () => 'no label server is set up: an administrator has to set LABEL_SERVER_URL',
});

export const labelServerUnavailable = defineError<{ problem: string }>({
  code: 'LABEL_SERVER_UNAVAILABLE',
  status: 502,
  summary: 'The label server does not answer, breaks off, or does not take our word for who asks.',
  remedy: 'Try again in a moment; if it stays, an administrator has to look at the label server. The message says what it did.',
  message: ({ problem }) => `the label server ${problem}`,
});

export const labelsInvalid = defineError<{ problem: string }>({
  code: 'LABELS_INVALID',
  status: 422,
  summary: 'What the label server gave as the labels of a project is not COCO, or does not fit the files of the dataset; nothing was kept.',
  remedy: 'The message names the place in the labels and what is wrong there; correct them on the label server and import again.',
  message: ({ problem }) => `the labels cannot be imported: ${problem}`,
});

export const modelNotServable = defineError<{ id: string; problem: string }>({
  code: 'MODEL_NOT_SERVABLE',
  status: 409,
  summary: 'A service cannot serve this model: it is not of the format onnx, or has not one ONNX file.',
  remedy: 'Register a model of one .onnx file, with what belongs to it beside it; the message says what is wrong.',
  message: ({ id, problem }) => `model ${quoted(id)} cannot be served: ${problem}`,
});

export const serviceNotRunning = defineError<{ state: string; reason?: string | null }>({
  code: 'SERVICE_NOT_RUNNING',
  status: 409,
  summary: 'The inference service is not RUNNING, or did not become so as long as the request waited.',
  remedy: 'Wait until it is (`jobChanged` tells, `waitSeconds` waits), or start it.',
  message: ({ state, reason }) => `job not running: it is ${state}${reason == null ? '' : ` (${reason})`}`,
});

export const serviceBusy = defineError<{ problem: string }>({
  code: 'SERVICE_BUSY',
  status: 429,
  summary: 'As many requests of the inference service wait as may.',
  remedy: 'Try again in a moment, with fewer requests at a time (INFERENCE_QUEUE).',
  message: ({ problem }) => `the service is busy: ${problem}`,
});

export const inferenceFailed = defineError<{ words: string }>({
  code: 'INFERENCE_FAILED',
  status: 502,
  summary: 'The worker of the inference service has ended, did not answer, or failed at the picture.',
  remedy: 'Try again; a worker that has ended is started again by itself. The state and the log of the service tell more.',
  message: ({ words }) => words,
});

export const imageNotFound = defineError<{ id: string | null }>({
  code: 'IMAGE_NOT_FOUND',
  status: 404,
  summary: 'There is no picture of this id, its time is over, or it belongs to somebody else; or none was uploaded for the service.',
  remedy: 'Upload it again (`uploadImage`), or send it with the request.',
  message: ({ id }) => (id === null ? 'no picture was uploaded for this service, or its time is over' : `picture ${quoted(id)} not found`),
});

const SHOWN = 100;
const quoted = (text: string): string => JSON.stringify(text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`);
