/** A text in each language that the playground speaks. */
export interface Text {
  en: string;
  zh: string;
}

/** What a visitor comes to do, with operations for it in the order in which one runs them. */
export interface ExampleGroup {
  title: Text;
  examples: Example[];
}

/** An operation that is ready to run. */
export interface Example {
  /** The name of the operation. */
  name: string;
  kind: 'query' | 'mutation' | 'subscription';
  title: Text;
  /** The operation alone, with what is to be known of it as comments. */
  query: string;
  /** Its variables, filled in; a file is null. */
  variables: Record<string, unknown>;
  /** Variables that are files. */
  files: string[];
  /** Where answers of other examples have a better value for a variable; the first one that is there counts. */
  sources: VariableSource[];
}

export interface VariableSource {
  /** The place among the variables, as `input.taskId`. */
  variable: string;
  /** Places in answers, as `tasks.nodes.0.id`, beginning with the name of a root field. */
  answers: string[];
}
