import { Directive, Field, Int, ObjectType, type ClassType } from 'type-graphql';

/** Where a page lies in its list. */
@ObjectType({ simpleResolvers: true, description: 'Where a page lies in its list.' })
@Directive('@shareable')
export class PageInfo {
  @Field(() => Boolean, { description: 'Whether more rows follow this page.' })
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: 'Whether rows precede this page.' })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: 'Cursor of the first row of the page; null on an empty page.' })
  startCursor!: string | null;

  @Field(() => String, { nullable: true, description: 'Cursor of the last row: pass it as `after` for the next page.' })
  endCursor!: string | null;
}

export interface Edge<Node> {
  cursor: string;
  node: Node;
}

/** One page of a list. `totalCount` may be a function, called only when the caller asked for it. */
export interface Connection<Node> {
  nodes: Node[];
  edges: Edge<Node>[];
  pageInfo: PageInfo;
  totalCount: number | (() => Promise<number>);
}

/**
 * Makes the two classes of a list's GraphQL type: `<name>Connection` and `<name>Edge`.
 *
 * @example
 * export const TaskConnection = connectionOf('Task', () => Task);
 */
export function connectionOf<Node extends object>(name: string, node: () => ClassType<Node>): ClassType<Connection<Node>> {
  @ObjectType(`${name}Edge`, { simpleResolvers: true, description: `One row of a list of ${name}, with its cursor.` })
  class NodeEdge {
    @Field(() => String, { description: 'Opaque position of this row: pass it as `after` to continue behind it.' })
    cursor!: string;

    @Field(node, { description: 'The row.' })
    node!: Node;
  }

  @ObjectType(`${name}Connection`, { simpleResolvers: true, description: `One page of a list of ${name}.` })
  class NodeConnection {
    @Field(() => [node()], { description: 'The rows of this page, in the order of the list.' })
    nodes!: Node[];

    @Field(() => [NodeEdge], { description: 'The same rows with their cursors.' })
    edges!: Edge<Node>[];

    @Field(() => PageInfo, { description: 'Where this page lies.' })
    pageInfo!: PageInfo;

    @Field(() => Int, { description: 'How many rows the whole list has; counted only when asked for.' })
    totalCount!: number | (() => Promise<number>);
  }

  return NodeConnection;
}
