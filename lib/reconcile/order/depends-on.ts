import type { KubernetesObject, ObjectId } from '../../manifests/object.ts';

/**
 * The objects that have to be there before this one, with commas between: `KIND/NAME` or `KIND.GROUP/NAME` in its own namespace or of the
 * cluster, `GROUP/KIND/NAMESPACE/NAME` anywhere, where group and namespace may be empty.
 */
export const DEPENDS_ON = 'plumbline.dev/depends-on';

const MAXIMUM = 100;

export interface Reference {
  readonly text: string;
  readonly names: (id: ObjectId) => boolean;
}

/** What an object depends on, or in words what is wrong with what it says. */
export function dependenciesOf({ metadata }: KubernetesObject, namespace: string): readonly Reference[] | { readonly problem: string } {
  const value = metadata.annotations?.[DEPENDS_ON];
  if (value === undefined) return [];
  const texts = value.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
  if (texts.length > MAXIMUM) return { problem: `names ${texts.length} objects; at most ${MAXIMUM} are accepted` };
  const references: Reference[] = [];
  for (const text of texts) {
    const names = parse(text, namespace);
    if (names === undefined) {
      return {
        problem: `has "${text.slice(0, 300)}"; accepted: KIND/NAME, KIND.GROUP/NAME or GROUP/KIND/NAMESPACE/NAME, with commas between`,
      };
    }
    references.push({ text, names });
  }
  return references;
}

function parse(text: string, namespace: string): Reference['names'] | undefined {
  const parts = text.split('/');
  if (parts.length === 4) {
    const [group = '', kind = '', where = '', name = ''] = parts;
    return kind === '' || name === ''
      ? undefined
      : (id) => id.group === group && sameKind(id, kind) && id.namespace === where && id.name === name;
  }
  const [type = '', name = ''] = parts;
  if (parts.length !== 2 || type === '' || name === '') return undefined;
  const [kind = '', ...group] = type.split('.');
  const isOfGroup = (id: ObjectId) => group.length === 0 || id.group === group.join('.');
  return (id) => sameKind(id, kind) && isOfGroup(id) && id.name === name && (id.namespace === namespace || id.namespace === '');
}

/** `deployment` as kubectl says it, and `Deployment`. */
function sameKind(id: ObjectId, kind: string): boolean {
  return id.kind.toLowerCase() === kind.toLowerCase();
}
