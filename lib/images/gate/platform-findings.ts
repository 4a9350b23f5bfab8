import { objectIdOf, objectKey } from '../../manifests/object.ts';
import type { Artifact } from '../../source/artifact.ts';
import { type FindingId, severityOf } from '../finding-table.ts';
import { deployedText, type ImageUse } from '../image-uses.ts';
import type { ImageFinding, Platform } from '../types.ts';
import { platformFailure } from './rollout-stop.ts';

type Known = Pick<Artifact, 'objects' | 'images'>;

const PLATFORM_FINDINGS: ReadonlySet<string> = new Set<FindingId>(['ref.no-platform', 'ref.platform-pin']);

/** The objects that use an image which has nothing for any node of their cluster, by what the artifact and the last look at the nodes know. */
export function platformFindings(use: ImageUse, artifact: Known, nodes: readonly Platform[]): readonly ImageFinding[] {
  const image = artifact.images?.[deployedText(use)];
  if (image?.platforms === undefined || nodes.length === 0) return [];
  const users = new Set(use.objects.map(objectKey));
  const failures = new Map(
    artifact.objects.flatMap((object) => {
      const key = objectKey(objectIdOf(object));
      const failure = users.has(key) ? platformFailure(object, use.text, image, nodes) : undefined;
      return failure === undefined ? [] : [[key, failure] as const];
    }),
  );
  const [first] = failures.values();
  if (first === undefined) return [];
  const id = image.isIndex === true ? 'ref.no-platform' : 'ref.platform-pin';
  const objects = use.objects.filter((object) => failures.has(objectKey(object)));
  return [{ id, severity: severityOf(id), reference: use.shown, objects, message: first.message }];
}

/** Whether what is known now can undo a finding about platforms; undefined for another finding. */
export function closesPlatform(id: string, use: ImageUse, artifact: Known, nodes: readonly Platform[]): boolean | undefined {
  if (!PLATFORM_FINDINGS.has(id)) return undefined;
  return nodes.length > 0 && artifact.images?.[deployedText(use)]?.platforms !== undefined;
}
