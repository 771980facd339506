/** A step of the story that did not come out as it must. */
export class StoryFailure extends Error {
  override readonly name = 'StoryFailure';
}
