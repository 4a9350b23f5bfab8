import picocolors from 'picocolors';

export type Colors = ReturnType<typeof picocolors.createColors>;

/** Colour only for people: off when the output is not a terminal, and when NO_COLOR asks for none. */
export function createColors(enabled: boolean): Colors {
  return picocolors.createColors(enabled);
}
