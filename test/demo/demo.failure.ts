/** Something that a person can put right; its message is the one line that says what and how. */
export class DemoFailure extends Error {
  override readonly name = 'DemoFailure';
}
