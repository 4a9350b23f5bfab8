import { isJsonObject } from '../manifests/json.ts';
import type { LocatedValue } from '../manifests/normalise.ts';
import { describeObject, groupOf } from '../manifests/object.ts';
import type { HelmSettings } from '../settings/index.ts';
import type { ManifestProblem } from '../source/artifact.ts';

const HOOK = 'helm.sh/hook';

/** Hooks that belong to an installation or upgrade; all others (test, delete, rollback) are for commands that nobody gives here. */
const INSTALLS = /^(pre|post)-(install|upgrade)$|^crd-install$/;

/**
 * Decides what becomes of a value that is a Helm hook: kept, left out (undefined), or a problem that names it. A value that is no hook is
 * kept.
 */
export function decideHook({ where, value }: LocatedValue, hooks: HelmSettings['hooks']): LocatedValue | ManifestProblem | undefined {
  const metadata = isJsonObject(value) && isJsonObject(value.metadata) ? value.metadata : {};
  const annotation = isJsonObject(metadata.annotations) ? metadata.annotations[HOOK] : undefined;
  if (typeof annotation !== 'string') return { where, value };
  const events = annotation.split(',').map((event) => event.trim());
  if (!events.some((event) => INSTALLS.test(event))) return undefined;
  if (hooks === 'apply') return { where, value };
  if (hooks === 'skip') return undefined;
  const text = (field: unknown) => (typeof field === 'string' ? field : '');
  const { apiVersion, kind } = isJsonObject(value) ? value : {};
  const object = {
    apiVersion: text(apiVersion),
    group: groupOf(text(apiVersion)),
    kind: text(kind),
    namespace: text(metadata.namespace),
    name: text(metadata.name),
  };
  const message = `${describeObject(object)} is a Helm hook (${events.join(', ')}), which runs at a moment of an installation. Set helm.hooks in plumbline.yaml to apply, to keep it as an ordinary object, or to skip, to leave it out.`;
  return { where, reason: 'HelmHook', message, object };
}
