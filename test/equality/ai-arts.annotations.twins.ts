import { API } from '../testkit/ai-arts.client.js';
import { send } from '../testkit/http.js';
import { CODES, read } from './ai-arts.reading.js';
import { asked, twinOf, type Outcome, type Twin } from './twin.js';

/** The rows of AIArts about annotations: the label server's page of a project. The contract leads a browser there, the graph tells the address. */
export const annotationsTwins = {
  '* /annotations': twinOf<{ datasetId: string; projectId: string }>(
    CODES,
    async ({ platform, credential }, { projectId }): Promise<Outcome> => {
      const answer = await send(platform, { path: `${API}/annotations/projects/${projectId}`, headers: { accept: 'text/html', ...(credential === undefined ? {} : { token: credential }) } });
      return answer.status === 302 ? { data: answer.headers.location } : read(answer);
    },
    async (actor, { datasetId, projectId }) => (await asked(actor, 'mutation ($input: LinkLabelingProjectInput!) { linkLabelingProject(input: $input) { labelingUrl } }', { input: { datasetId, projectId } })).linkLabelingProject.labelingUrl,
  ),
} satisfies Record<string, Twin<never>>;
