import { RouteSessions, type House, type SubgraphRoute } from '@hutong/common';
import type { Engine } from '../engine/engine.js';
import type { AiArtsSettings } from '../environment.js';
import type { FileSets } from '../files/file-sets.js';
import type { JobEnvironments } from '../job/job.environments.js';
import { JobFolders } from '../job/job.folders.js';
import type { JobWork } from '../job/job.work.js';
import type { AiArtsServices } from '../services.js';
import { JupyterProxy } from './jupyter.proxy.js';
import { JupyterServers, NOTEBOOKS_PATH } from './jupyter.server.js';
import { NotebookActivity } from './notebook.activity.js';
import { NOTEBOOK_COOKIE, NotebookGate } from './notebook.gate.js';
import { NotebookLinks } from './notebook.links.js';
import { NotebookService } from './notebook.service.js';

interface NotebooksParts {
  house: House;
  engine: Engine;
  work: JobWork;
  files: FileSets;
  environments: JobEnvironments;
  servers: JupyterServers;
  settings: AiArtsSettings;
}

/** Notebooks as resolvers and routes use them. */
export interface Notebooks {
  notebooks: NotebookService;
  notebookActivity: NotebookActivity;
  notebookGate: NotebookGate;
  stop(): Promise<void>;
}

/** How the Jupyter servers of notebooks are started and reached. */
export const jupyterServers = (house: House, engine: Engine, settings: AiArtsSettings): JupyterServers =>
  new JupyterServers({ secret: house.secret, command: settings.notebookCommand, folders: new JobFolders(settings.dataDirectory), isOnThisMachine: () => engine.isConfigured && engine.driver.name === 'local' });

export async function openNotebooks({ house, engine, work, files, environments, servers, settings }: NotebooksParts): Promise<Notebooks> {
  const { database, log, secret } = house;
  const fork = () => database.em.fork();
  const origin = () => house.notebookOrigin();
  const links = new NotebookLinks(secret);
  const notebookActivity = new NotebookActivity({ fork, jobs: work.store, servers, links, settings, log });
  if (engine.isConfigured) await notebookActivity.start(() => house.jobs());
  const notebookGate = new NotebookGate({ links, sessions: new RouteSessions(secret), proxy: new JupyterProxy(servers), origin, onChange: (heard) => work.events.onChange(heard), log });
  return {
    notebooks: new NotebookService({ fork, engine, jobs: work.store, files, environments, links, origin, settings }),
    notebookActivity,
    notebookGate,
    stop: () => notebookGate.stop(),
  };
}

/** All that Jupyter and its pages ask for. */
export const notebookRoute: SubgraphRoute<Pick<AiArtsServices, 'notebookGate'>> = {
  path: NOTEBOOKS_PATH,
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
  origin: 'notebook',
  sessionCookie: NOTEBOOK_COOKIE,
  handle: (request, response, scope) => scope.services.notebookGate.handle(request, response, scope),
  upgrade: (request, socket, head, scope) => scope.services.notebookGate.upgrade(request, socket, head, scope),
};
