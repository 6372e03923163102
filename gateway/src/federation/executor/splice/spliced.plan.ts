import type { FetchNode, PlanNode, QueryPlan, QueryPlanSelectionNode } from '@apollo/query-planner';
import { isObjectType, OperationTypeNode, type GraphQLObjectType, type GraphQLSchema } from 'graphql';
import { pathKey, type DataPath } from '../data.path.js';
import { fetchForm, type FetchForm } from '../entity.requests.js';
import type { Conditions } from '../included.selection.js';
import { isOfType } from '../type.condition.js';
import { entityModel, NotModelled, rootModel, type ObjectModel } from './answer.model.js';
import { AnswerScanner } from './answer.scanner.js';
import { leafReader, walkOf, type PartReader, type Walk } from './entity.places.js';

/** One fetch of a plan. */
export interface Source {
  index: number;
  node: FetchNode;
  model: ObjectModel;
  scanner: AnswerScanner;
  /** Where entities stand in its answer. */
  places: Place[];
}

/** A piece of what names an entity: JSON around a leaf, and where that is read; of the answer that has the object, or of a fetch about it. */
export interface NamePiece {
  before: string;
  source: Source | undefined;
  leaf: PartReader;
}

/** A fetch of entities. */
export interface EntitySource extends Source {
  form: FetchForm;
  place: Place;
  name: readonly NamePiece[];
  /** The same for sources of one place that name its entities in the same way; undefined where other fetches have a part of the name. */
  nameKey: string | undefined;
}

/** Where entities stand that are fetched. */
export interface Place {
  index: number;
  /** Whose answer has the objects. */
  base: Source;
  model: ObjectModel;
  walk: Walk;
  /** The parts of an object that tell its entity. */
  key: number[];
  keyLeaves: PartReader[];
  sources: EntitySource[];
}

/** What is done, in turn or at once. */
export type SplicedStep = { kind: 'turn' | 'once'; steps: readonly SplicedStep[] } | { kind: 'root'; source: Source } | { kind: 'entities'; source: EntitySource };

/** A plan whose answers are put together from their texts. */
export class SplicedPlan {
  readonly step: SplicedStep;
  readonly roots: readonly Source[];
  readonly #places: ReadonlyMap<string, Place>;

  private constructor(reading: PlanReading) {
    this.step = reading.step;
    this.roots = reading.roots;
    this.#places = reading.places;
  }

  /** @throws NotModelled for a plan that has something else than objects of one type each, named by leaves */
  static of({ node }: QueryPlan, given: PlanSchemas): SplicedPlan {
    if (!node || node.kind === 'Subscription') throw new NotModelled('nothing to fetch');
    return new SplicedPlan(new PlanReading(node, given));
  }

  placeAt(path: DataPath): Place | undefined {
    return this.#places.get(pathKey(path));
  }
}

export interface PlanSchemas {
  /** What clients see. */
  schema: GraphQLSchema;
  /** With what they do not see. */
  supergraphSchema: GraphQLSchema;
  /** Names of conditions of the plan are among these. */
  conditions: Conditions;
}

class PlanReading {
  readonly roots: Source[] = [];
  readonly places = new Map<string, Place>();
  readonly step: SplicedStep;
  readonly #scanners = new Map<string, { model: ObjectModel; scanner: AnswerScanner }>();
  #sources = 0;

  constructor(
    node: PlanNode,
    private readonly given: PlanSchemas,
  ) {
    this.step = this.#step(node, []);
  }

  #step(node: PlanNode, path: DataPath): SplicedStep {
    switch (node.kind) {
      case 'Sequence':
        return { kind: 'turn', steps: node.nodes.map((one) => this.#step(one, path)) };
      case 'Parallel':
        return { kind: 'once', steps: node.nodes.map((one) => this.#step(one, path)) };
      case 'Flatten':
        return this.#step(node.node, [...path, ...(node.path as DataPath)]);
      case 'Condition': {
        const clause = this.given.conditions[node.condition] ? node.ifClause : node.elseClause;
        return clause ? this.#step(clause, path) : { kind: 'turn', steps: [] };
      }
      case 'Fetch':
        if (node.inputRewrites?.length || node.outputRewrites?.length) throw new NotModelled('fields that get other names');
        return node.requires ? { kind: 'entities', source: this.#entities(node, path) } : { kind: 'root', source: this.#root(node, path) };
      default:
        throw new NotModelled(node.kind);
    }
  }

  #root(node: FetchNode, path: DataPath): Source {
    const { schema, supergraphSchema, conditions } = this.given;
    if (path.length > 0 || node.operationKind !== OperationTypeNode.QUERY) throw new NotModelled('root fields that are no query');
    const model = rootModel({ document: node.operation, schema: supergraphSchema, conditions }, supergraphSchema.getQueryType()!);
    const source: Source = { index: this.#sources++, node, model, scanner: AnswerScanner.ofRoot(model, schema), places: [] };
    this.roots.push(source);
    return source;
  }

  #entities(node: FetchNode, path: DataPath): EntitySource {
    const place = this.places.get(pathKey(path)) ?? this.#place(path);
    const form = fetchForm(node);
    const name = this.#name(node.requires!, place);
    const source: EntitySource = { index: this.#sources++, node, form, ...this.#scanned(node, form, place.model.type), places: [], place, name, nameKey: name.every(({ source: fetched }) => fetched === undefined) ? name.map(({ before }) => before).join('\n') : undefined };
    place.sources.push(source);
    return source;
  }

  /** Fetches of one form are answered together, and read by one scanner. */
  #scanned({ operation }: FetchNode, form: FetchForm, type: GraphQLObjectType): { model: ObjectModel; scanner: AnswerScanner } {
    const { schema, supergraphSchema, conditions } = this.given;
    const key = `${type.name}\n${form}`;
    let known = this.#scanners.get(key);
    if (!known) {
      const model = entityModel({ document: operation, schema: supergraphSchema, conditions }, type);
      this.#scanners.set(key, (known = { model, scanner: AnswerScanner.ofEntities(model, schema) }));
    }
    return known;
  }

  #place(path: DataPath): Place {
    const candidates: Pick<Place, 'base' | 'model' | 'walk'>[] = [];
    for (const base of this.roots) {
      const walked = walkOf(base.model, path);
      if (walked) candidates.push({ base, ...walked });
    }
    for (const [key, outer] of this.places) {
      const whole = pathKey(path);
      if (!whole.startsWith(`${key}\n`)) continue;
      const rest = whole.slice(key.length + 1).split('\n');
      for (const base of outer.sources) {
        const walked = walkOf(base.model, rest);
        if (walked) candidates.push({ base, ...walked });
      }
    }
    const [only] = candidates;
    if (!only || candidates.length > 1) throw new NotModelled('entities that stand in several answers, or in none');
    if (!only.model.keys.includes('__typename') || !isObjectType(only.model.type)) throw new NotModelled('entities of no type');
    const place: Place = { index: this.places.size, ...only, key: [], keyLeaves: [], sources: [] };
    this.places.set(pathKey(path), place);
    place.base.places.push(place);
    return place;
  }

  #name(requires: readonly QueryPlanSelectionNode[], place: Place): NamePiece[] {
    const { type } = place.model;
    const parts = requires.filter((selection) => selection.kind === 'Field' || isOfType(this.given.supergraphSchema, type.name, selection.typeCondition ?? ''));
    const [part] = parts;
    if (parts.length !== 1 || part?.kind !== 'InlineFragment') throw new NotModelled('a name of several parts');
    const pieces: NamePiece[] = [];
    const keys = new Set<string>();
    let before = '';
    for (const selection of part.selections) {
      if (selection.kind !== 'Field' || selection.selections) throw new NotModelled('a name with objects in it');
      const key = selection.alias ?? selection.name;
      if (keys.has(key)) throw new NotModelled('a name with one leaf twice');
      before += `${keys.size > 0 ? ',' : '{'}${JSON.stringify(key)}:`;
      keys.add(key);
      if (selection.name === '__typename' && key === '__typename') {
        before += JSON.stringify(type.name);
        continue;
      }
      pieces.push({ before, ...this.#leaf(key, place) });
      before = '';
    }
    // What follows the last leaf is the end.
    if (pieces.length === 0 || before !== '') throw new NotModelled('a name that ends with the type');
    return pieces;
  }

  #leaf(key: string, place: Place): Pick<NamePiece, 'source' | 'leaf'> {
    const fetched = place.sources.findLast(({ model }) => model.parts.some((part) => part.key === key));
    if (fetched) return { source: fetched, leaf: leafReader(fetched.model, key) };
    const leaf = leafReader(place.model, key);
    const index = place.model.parts.findIndex((part) => part.key === key);
    if (!place.key.includes(index)) {
      place.key.push(index);
      place.keyLeaves.push(leaf);
    }
    return { source: undefined, leaf };
  }
}
