import { Field, Float, ObjectType } from 'type-graphql';

@ObjectType({ simpleResolvers: true, description: 'One value of a metric.' })
export class MetricPoint {
  @Field(() => Float, { description: 'The step of the program.' })
  step!: number;

  @Field(() => Float, { description: 'Its value then.' })
  value!: number;

  @Field(() => Date, { description: 'When it was read from the log.' })
  at!: Date;
}

/** What a program told of one metric, over its steps. */
@ObjectType({ simpleResolvers: true, description: 'What a program told of one metric, over its steps: every value of a short series, of a long one some 1,000 to 2,000 evenly, and always the last.' })
export class MetricSeries {
  @Field(() => String, { description: "The metric's name, for example `loss`." })
  name!: string;

  @Field(() => [MetricPoint], { description: 'Its values in the order in which they were told.' })
  points!: MetricPoint[];
}

/** A series as it is kept: every `stride`-th value, and the last one. */
export interface KeptSeries {
  name: string;
  /** Values told so far. */
  seen: number;
  stride: number;
  /** Step, value and milliseconds since 1970, each. */
  points: [number, number, number][];
  last: [number, number, number];
}

const MOST_POINTS = 2_048;

export const newSeries = (name: string): KeptSeries => ({ name, seen: 0, stride: 1, points: [], last: [0, 0, 0] });

/** Adds a value; when there are too many, every other one goes and fewer are kept from then on. */
export function addPoint(series: KeptSeries, point: [number, number, number]): void {
  if (series.seen++ % series.stride === 0) series.points.push(point);
  series.last = point;
  if (series.points.length <= MOST_POINTS) return;
  series.points = series.points.filter((_, place) => place % 2 === 0);
  series.stride *= 2;
}

/** A series as it is shown. */
export function shownSeries({ name, points, last, stride, seen }: KeptSeries): MetricSeries {
  const hasLast = (seen - 1) % stride === 0;
  return { name, points: [...points, ...(hasLast ? [] : [last])].map(([step, value, at]) => ({ step, value, at: new Date(at) })) };
}
