import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Artifact } from '../../artifact/artifact.entity.js';
import { Dataset } from '../../dataset/dataset.entity.js';
import { Model } from '../../model/model.entity.js';
import type { AiArtsContext } from '../../services.js';
import { FileSet } from '../file-set.entity.js';

const DOWNLOAD_URL =
  'Where its files are got from, by whoever has it, within five minutes: the path of a URL, to be taken from the address of the graph. One file comes as it is, with its name, its SHA-256 as ETag, and by parts when they are asked for (Range); several come as a tar.gz.';

const linkToArtifact = ({ fileSetId, folder, name, version }: Artifact, { services }: AiArtsContext): string =>
  services.downloads.linkTo({ fileSetId, folder, title: version === '1' ? name : `${name}-${version}` });

@Resolver(() => FileSet)
export class FileSetDownloadResolver {
  @FieldResolver(() => String, { description: DOWNLOAD_URL })
  downloadUrl(@Ctx() { services }: AiArtsContext, @Root() { id, folder }: FileSet): string {
    return services.downloads.linkTo({ fileSetId: id, folder, title: id });
  }
}

@Resolver(() => Dataset)
export class DatasetDownloadResolver {
  @FieldResolver(() => String, { description: `${DOWNLOAD_URL} Serves /ai_arts/api/datasets/:id/download.` })
  downloadUrl(@Ctx() context: AiArtsContext, @Root() dataset: Dataset): string {
    return linkToArtifact(dataset, context);
  }
}

@Resolver(() => Model)
export class ModelDownloadResolver {
  @FieldResolver(() => String, { description: `${DOWNLOAD_URL} Serves /ai_arts/api/models/:id/download.` })
  downloadUrl(@Ctx() context: AiArtsContext, @Root() model: Model): string {
    return linkToArtifact(model, context);
  }
}
