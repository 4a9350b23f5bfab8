import { z } from 'zod';
import type { Artifact } from '../../source/artifact.ts';
import { imageUsesOf } from '../image-uses.ts';
import { ecrHostOf } from './host.ts';

const ImageAction = z.object({
  source: z.literal('aws.ecr'),
  'detail-type': z.literal('ECR Image Action'),
  account: z.string().regex(/^\d{12}$/),
  region: z.string(),
  detail: z.object({ 'repository-name': z.string().min(1).max(256), 'action-type': z.string() }),
});

/** A repository of ECR in which an image was pushed or deleted just now. */
export interface ChangedRepository {
  readonly account: string;
  readonly region: string;
  readonly name: string;
}

/** What EventBridge sends when an image was pushed or deleted; undefined for every other event. */
export function readImageAction(event: unknown): ChangedRepository | undefined {
  const parsed = ImageAction.safeParse(event);
  if (!parsed.success) return undefined;
  const { account, region, detail } = parsed.data;
  return { account, region, name: detail['repository-name'] };
}

/** Whether something is in this repository, whatever form of its host name it is written with. */
export function isInRepository(
  { registry, repository }: { readonly registry: string; readonly repository: string },
  changed: ChangedRepository,
): boolean {
  const host = ecrHostOf(registry);
  return host?.account === changed.account && host.region === changed.region && repository === changed.name;
}

export function usesRepository(artifact: Pick<Artifact, 'objects' | 'digests' | 'settings'>, changed: ChangedRepository): boolean {
  const uses = imageUsesOf(artifact.objects, artifact.digests, artifact.settings?.images?.paths);
  return uses.some(({ parsed }) => !(parsed instanceof Error) && isInRepository(parsed, changed));
}
