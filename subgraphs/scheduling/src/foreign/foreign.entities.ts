import { Directive, Field, ID, ObjectType } from 'type-graphql';

/** A computing resource, known here by id alone; `compute-registry` tells the rest. */
@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('ComputingResource', { simpleResolvers: true })
export class ComputingResourceReference {
  @Field(() => ID, { description: 'The resource id, a decimal integer.' })
  id!: string;
}

/** A code with its name, known here by id (`<KIND>:<code>`) alone; `compute-registry` tells the rest. */
@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('CodeName', { simpleResolvers: true })
export class CodeNameReference {
  @Field(() => ID, { description: 'Opaque id of the code.' })
  id!: string;
}

/** The reference to an organization by its 5-digit code. */
export const organizationReference = (code: string): CodeNameReference => ({ id: `ORGANIZATION:${code}` });
