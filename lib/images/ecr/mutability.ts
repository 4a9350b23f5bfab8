/** The values of ECR's `imageTagMutability`. */
export const TAG_MUTABILITIES = ['MUTABLE', 'IMMUTABLE', 'IMMUTABLE_WITH_EXCLUSION', 'MUTABLE_WITH_EXCLUSION'] as const;
export type TagMutability = (typeof TAG_MUTABILITIES)[number];

/** What a repository's settings say of its tags. `exclusions` are wildcard filters: `*` stands for any characters, none included. */
export interface TagSettings {
  readonly mutability: TagMutability;
  readonly exclusions: readonly string[];
}

/** Whether the registry lets this tag be overwritten. No proof of the past: settings change, and a tag can be deleted and pushed again. */
export function isTagMutable(settings: TagSettings, tag: string): boolean {
  const excluded = settings.exclusions.some((filter) => matchesWildcard(filter, tag));
  switch (settings.mutability) {
    case 'MUTABLE':
      return true;
    case 'IMMUTABLE':
      return false;
    case 'MUTABLE_WITH_EXCLUSION':
      return !excluded;
    case 'IMMUTABLE_WITH_EXCLUSION':
      return excluded;
  }
}

/** The settings in one line for people: `IMMUTABLE_WITH_EXCLUSION (dev-*, latest)`. */
export function describeTagSettings(settings: TagSettings): string {
  return settings.exclusions.length === 0 ? settings.mutability : `${settings.mutability} (${settings.exclusions.join(', ')})`;
}

/** Piece by piece instead of by a regular expression built from the filter, so that no filter can make it slow. */
function matchesWildcard(filter: string, tag: string): boolean {
  const [first = '', ...rest] = filter.split('*');
  const last = rest.pop();
  if (last === undefined) return tag === first;
  if (!tag.startsWith(first) || !tag.endsWith(last) || tag.length < first.length + last.length) return false;
  let from = first.length;
  for (const piece of rest) {
    const found = tag.indexOf(piece, from);
    if (found < 0) return false;
    from = found + piece.length;
  }
  return from <= tag.length - last.length;
}
