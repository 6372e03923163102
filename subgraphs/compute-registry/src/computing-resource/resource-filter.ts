import { badInput, textFault } from '@hutong/common';
import { Field, InputType } from 'type-graphql';
import type { CodeDictionary } from '../code-name/code-name.dictionary.js';
import { CodeKind } from '../code-name/code-name.kinds.js';

@InputType({ description: 'What a list is limited to. Every member takes a code or a name; members that are absent or null limit nothing.' })
export class ResourceFilter {
  @Field(() => String, { nullable: true, description: 'Resource type, for example `402` or `超算`.' })
  resourceType?: string | null;

  @Field(() => String, { nullable: true, description: 'City of the data centre, for example `3301`, `杭州` or `杭州市`.' })
  region?: string | null;

  @Field(() => String, { nullable: true, description: 'Provider, for example `20004` or `中科曙光`.' })
  organization?: string | null;

  @Field(() => String, { nullable: true, description: 'Industry, for example `tc` or `通信`.' })
  industry?: string | null;

  @Field(() => String, { nullable: true, description: 'Zone within a region, for example `502601` or `可用区一`.' })
  availabilityZone?: string | null;

  @Field(() => String, { nullable: true, description: 'Part of the GPU model, in any case: `4090` finds `RTX 4090`.' })
  gpuModel?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'true: only stale resources; false: only fresh ones.' })
  stale?: boolean | null;
}

export type CodeMember = 'resourceType' | 'serviceType' | 'region' | 'organization' | 'industry' | 'availabilityZone';

/** The members of a filter or of requirements that name codes, with the kind of each. */
export const CODE_KINDS: Readonly<Record<CodeMember, CodeKind>> = {
  resourceType: CodeKind.RESOURCE_TYPE,
  serviceType: CodeKind.SERVICE_TYPE,
  region: CodeKind.CITY,
  organization: CodeKind.ORGANIZATION,
  industry: CodeKind.INDUSTRY,
  availabilityZone: CodeKind.AVAILABILITY_ZONE,
};

export type CodeFilter = { [Name in CodeMember]?: string[] };

type Named = { [Name in CodeMember]?: string | readonly string[] | null };

const LONGEST_VALUE = 255;
const MOST_VALUES = 100;

/** The codes that a filter's values stand for, for each member given. @throws BAD_INPUT for text that cannot be stored or searched */
export function codesOfFilter(dictionary: CodeDictionary, filter: Named & { gpuModel?: string | null }, path = 'filter'): CodeFilter {
  requireText(`${path}.gpuModel`, filter.gpuModel ?? '');
  const codes: CodeFilter = {};
  for (const name of Object.keys(CODE_KINDS) as CodeMember[]) {
    const given = filter[name];
    if (given == null) continue;
    const values = typeof given === 'string' ? [given] : given;
    if (values.length === 0 || values.length > MOST_VALUES) throw badInput({ field: `${path}.${name}`, problem: `expected 1 to ${MOST_VALUES} codes or names, got ${values.length}` });
    for (const value of values) requireText(`${path}.${name}`, value);
    codes[name] = [...new Set(values.flatMap((value) => dictionary.codesOf(CODE_KINDS[name], value)))];
  }
  return codes;
}

function requireText(field: string, text: string): void {
  const problem = textFault(text, LONGEST_VALUE);
  if (problem !== undefined) throw badInput({ field, problem });
}
