import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const CORRECTED = '/@apollo/query-planner/dist/buildPlan.js';

/**
 * What the planner, version 2.14.4, does wrong where a field requires one that requires another itself, and what it is to do. To save
 * fetches, it has a subgraph that is asked early answer what is required,
 */
const CORRECTIONS = [
  {
    // though it has the field as `@external` alone,
    wrong: 'const newGroupIsUnneeded = parent.path && groupCopy.selection.canRebaseOn(typeAtPath(parent.group.selection.parentType, parent.path));',
    right: 'const parentSchema = parent.group.selection.parentType.schema(); const newGroupIsUnneeded = parent.path && groupCopy.selection.canRebaseOn(typeAtPath(parent.group.selection.parentType, parent.path)) && !hasExternal(groupCopy.selection, parentSchema);',
  },
  {
    // or though it has to be told first what the field is made of.
    wrong: 'if (created.subgraphName === parent.group.subgraphName && parent.group.canMergeChildIn(created)) {',
    right: 'if (created.subgraphName === parent.group.subgraphName && parent.group.canMergeChildIn(created) && !created.inputs?.selectionSets().some((inputs) => hasExternal(inputs, parentSchema))) {',
  },
];

const ADDED = `
function hasExternal(selectionSet, schema) {
  const metadata = (0, federation_internals_1.federationMetadata)(schema);
  return selectionSet.some((element) => {
    const field = element.kind === 'Field' && schema.type(element.parentType.name)?.field?.(element.name);
    return field && metadata?.isFieldExternal(field);
  });
}
`;

/**
 * Has the planner corrected when it is loaded: what it answers wrongly, nobody else can put right. Its source is a text like any other
 * here, as it has no way to reach what is wrong.
 *
 * @throws Error when it is loaded, where it is another version
 */
export function correctPlanner(): void {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      return url.endsWith(CORRECTED) ? { ...loaded, source: corrected(readFileSync(new URL(url), 'utf8')) } : loaded;
    },
  });
}

function corrected(source: string): string {
  return CORRECTIONS.reduce((text, { wrong, right }) => {
    if (text.split(wrong).length !== 2) throw new Error(`${CORRECTED} is not that of version 2.14.4: see whether it still has to be corrected`);
    return text.replace(wrong, () => right);
  }, source) + ADDED;
}
