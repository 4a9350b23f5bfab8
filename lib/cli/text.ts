/**
 * Text from clusters, Git and tables is shown on a terminal: control characters (cursor moves, colours, new lines, bidirectional overrides)
 * become visible escapes, so that an object's name cannot rewrite the screen.
 */
export function printable(text: string): string {
  return text.replace(CONTROL, (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);
}

const CONTROL = /[\p{Cc}\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** At most `length` characters; what is left out of the middle is shown as `…`, since both ends of an image reference tell something. */
export function shorten(text: string, length: number): string {
  const characters = [...text];
  if (characters.length <= length) return text;
  const head = Math.ceil((length - 1) / 2);
  const tail = length - 1 - head;
  return `${characters.slice(0, head).join('')}…${characters.slice(characters.length - tail).join('')}`;
}

/** A commit id as people read it: twelve characters; anything else as it is. */
export function shortRevision(revision: string): string {
  return /^[0-9a-f]{40,64}$/.test(revision) ? revision.slice(0, 12) : revision;
}

/** `1 object`, `2 objects`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`;
}
