/** A text in both languages of the documents. */
export interface Bilingual {
  en: string;
  zh: string;
}

/** What was measured once, against what it should be. */
export interface Measurement {
  name: string;
  target: string;
  min: number | undefined;
  median: number | undefined;
  max: number | undefined;
  met: boolean;
  fault?: string;
}

/** How one part of the scorecard came out. */
export interface Outcome {
  name: Bilingual;
  /** How to run it alone. */
  command: string;
  /** What came out, in a few words: `312 of 312`. */
  result: Bilingual;
  met: boolean;
  seconds: number;
  /** What a reader wants to know of what is not met: a line each. */
  faults: string[];
  measurements?: Measurement[];
}

/** How thorough a run is: everything, or what takes some minutes. */
export type Extent = 'full' | 'quick';

/** A part of the scorecard; a run that fails is an outcome, too. */
export interface Part {
  name: Bilingual;
  run(extent: Extent): Promise<Outcome>;
}
