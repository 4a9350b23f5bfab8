/**
 * The forms in which a secret value can be hidden in a text: plain, base64, and base64 of a longer text that holds it, whose three
 * alignments leave the middle of the value the same.
 */
export function hiddenForms(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  const aligned = [0, 1, 2].map((offset) => {
    const padded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    return padded.slice(Math.ceil((offset * 8) / 6) + (offset === 0 ? 0 : 1), -2);
  });
  return [
    ...new Set([
      value,
      bytes.toString('base64'),
      bytes.toString('base64url'),
      bytes.toString('hex'),
      encodeURIComponent(value),
      ...aligned,
    ]),
  ];
}

/** The places whose text holds one of the values in any form. */
export function placesThatHold(values: readonly string[], stored: ReadonlyMap<string, string>): readonly string[] {
  const forms = values.flatMap(hiddenForms);
  return [...stored].filter(([, text]) => forms.some((form) => text.includes(form))).map(([place]) => place);
}
