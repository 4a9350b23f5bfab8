import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject } from '../manifests/object.ts';
import type { Adoption, IgnoreRule } from '../settings/field-settings.ts';
import type { Artifact } from '../source/artifact.ts';
import { autoscalersOf, builtInPaths, builtInRules, desiredBeside, ignoredPaths, isUnstated } from './ignore/index.ts';
import { type ClassifyManager, managerClassifier } from './managers.ts';
import type { Path } from './path.ts';
import { defaultNamespaceOf } from './target.ts';

/** Whose fields are whose, by what `plumbline.yaml` says and by what holds everywhere. */
export interface FieldRules {
  readonly classify: ClassifyManager;
  readonly ignore: readonly IgnoreRule[];
  readonly adopt: readonly Adoption[];
  /** The HPAs in Git, as `namespace/name`: what they scale is among `ignore`. */
  readonly autoscalers: ReadonlySet<string>;
}

export function fieldRulesOf(artifact: Pick<Artifact, 'settings' | 'objects' | 'defaultNamespace'>): FieldRules {
  const { managers, ignore = [], adopt = [] } = artifact.settings ?? {};
  return {
    classify: managerClassifier(managers),
    ignore: [...ignore, ...builtInRules(artifact.objects, defaultNamespaceOf(artifact))],
    adopt,
    autoscalers: autoscalersOf(artifact.objects, defaultNamespaceOf(artifact)),
  };
}

/** An object as it is applied beside what is ignored of it. */
export interface Beside {
  readonly desired: KubernetesObject;
  /** Of the live object; nothing of them is in a record. */
  readonly ignored: readonly Path[];
  /** How many there are that somebody would ask about. */
  readonly ignoredCount: number;
}

/** `isScaled`: false where what a controller's scaling left on the object counts for nothing. */
export function besideIgnored(
  object: KubernetesObject,
  live: KubernetesObject,
  rules: FieldRules,
  fieldManager: string,
  isScaled = true,
): Beside {
  const paths = [...ignoredPaths(object, live, rules.ignore, fieldManager), ...builtInPaths(object, live, rules.classify, isScaled)];
  const ignored = paths.filter((path, index) => paths.findIndex((other) => isDeepStrictEqual(other, path)) === index);
  return {
    desired: desiredBeside(object, live, ignored, fieldManager),
    ignored,
    ignoredCount: ignored.filter((path) => !isUnstated(path, object)).length,
  };
}

/** Whether a path is ignored, or inside of what is. */
export function isIgnored(ignored: readonly Path[], path: Path): boolean {
  return ignored.some((each) => each.length <= path.length && each.every((segment, index) => isDeepStrictEqual(segment, path[index])));
}
