import { connectionOf } from '@hutong/common';
import { Field, Float, InputType, Int } from 'type-graphql';
import { Notebook } from './notebook.entity.js';

export const NotebookConnection = connectionOf('Notebook', () => Notebook);

@InputType({ description: 'A notebook to be made.' })
export class CreateNotebookInput {
  @Field(() => String, { description: '1 to 255 characters; may repeat.' })
  name!: string;

  @Field(() => String, { description: 'The environment: `python`, `bash`, `node`, or one of the site. The kernels are those that the Jupyter server of the engine has.' })
  engine!: string;

  @Field(() => String, { nullable: true, description: 'Path of uploaded code, as the upload answered it, with an optional folder behind it: its files are copied into the notebook once. By default it begins empty.' })
  codePath?: string | null;

  @Field(() => String, { nullable: true, description: '`cpu` (by default), `gpu` for any kind, or the name of a GPU on the engine.' })
  deviceType?: string | null;

  @Field(() => Int, { nullable: true, description: 'Processors, or GPUs, from 1; by default 1.' })
  deviceNum?: number | null;

  @Field(() => Float, { nullable: true, description: 'Memory of the server and its kernels together, in bytes, from 256 MiB; by default JOB_MEMORY_MIB.' })
  memoryBytes?: number | null;

  @Field(() => String, { nullable: true, description: 'Up to 10,000 characters.' })
  description?: string | null;

  @Field(() => String, { nullable: true, description: 'Any text of the caller’s own, 1 to 255 characters: the same request sent again with it makes no second notebook.' })
  clientToken?: string | null;
}
