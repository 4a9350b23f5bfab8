import { GetLifecyclePolicyPreviewCommand, StartLifecyclePolicyPreviewCommand } from '@aws-sdk/client-ecr';
import type { Clock } from '../../clock.ts';
import { inParallel } from '../../in-parallel.ts';
import type { ImageDetails } from '../registry/image-details.ts';
import type { ImageDigest } from '../registry/registry.ts';
import { BATCH, CALLS_AT_ONCE, cacheKey, callSignal, chunks, type EcrClients, type Repository } from './calls.ts';
import { ecrHostOf } from './host.ts';

const PREVIEW_MS = 3_600_000;

type Lifecycle = NonNullable<ImageDetails['lifecycle']>;

/** One preview of a repository: ECR takes a while to make it, so it is started in one audit and may be read in a later one. */
interface Preview {
  readonly of: Pick<ImageDigest, 'registry' | 'repository'>;
  readonly startedAt: number;
  readonly state: 'started' | 'done' | 'unknown';
  /** What becomes of images; one that is not here stays. */
  readonly actions: ReadonlyMap<string, Lifecycle>;
}

export interface LifecycleReader {
  readonly read: (
    repositories: readonly Repository<ImageDigest>[],
    signal: AbortSignal,
  ) => Promise<(image: ImageDigest) => Lifecycle | undefined>;
  /** Forgets the previews of a repository: with another image in it, others are deleted. */
  readonly forget: (isChanged: (image: Pick<ImageDigest, 'registry' | 'repository'>) => boolean) => void;
}

/** What lifecycle policies are about to do, by ECR's own preview, which deletes nothing. An hour old at most. */
export function createLifecycleReader({ clientFor, clock }: { readonly clientFor: EcrClients; readonly clock: Clock }): LifecycleReader {
  const previews = new Map<string, Preview>();
  /** The last one that was read to its end, for as long as the next is being made. */
  const last = new Map<string, Preview>();

  async function start({ host, name, references }: Repository<ImageDigest>, signal: AbortSignal): Promise<Preview> {
    const of = references[0] ?? { registry: '', repository: name };
    const preview = { of, startedAt: clock.now().getTime(), actions: new Map() };
    try {
      const command = new StartLifecyclePolicyPreviewCommand({ registryId: host.account, repositoryName: name });
      await clientFor(host).send(command, { abortSignal: callSignal(signal) });
      return { ...preview, state: 'started' };
    } catch (error) {
      signal.throwIfAborted();
      const reason = error instanceof Error ? error.name : '';
      // Without a policy nothing expires.
      if (reason === 'LifecyclePolicyNotFoundException') return { ...preview, state: 'done' };
      return { ...preview, state: reason === 'LifecyclePolicyPreviewInProgressException' ? 'started' : 'unknown' };
    }
  }

  async function readPreview(repository: Repository<ImageDigest>, preview: Preview, signal: AbortSignal): Promise<Preview> {
    const { host, name, references } = repository;
    const actions = new Map<string, Lifecycle>();
    try {
      for (const batch of chunks([...new Set(references.map(({ digest }) => digest))], BATCH)) {
        const output = await clientFor(host).send(
          new GetLifecyclePolicyPreviewCommand({
            registryId: host.account,
            repositoryName: name,
            imageIds: batch.map((imageDigest) => ({ imageDigest })),
          }),
          { abortSignal: callSignal(signal) },
        );
        if (output.status === 'IN_PROGRESS') return preview;
        if (output.status !== 'COMPLETE') return { ...preview, state: 'unknown' };
        for (const { imageDigest, action, appliedRulePriority: rule = 0 } of output.previewResults ?? []) {
          if (imageDigest === undefined || action?.type === undefined) continue;
          actions.set(imageDigest, { action: action.type === 'EXPIRE' ? 'expire' : 'archive', rule });
        }
      }
      return { ...preview, state: 'done', actions };
    } catch {
      signal.throwIfAborted();
      return { ...preview, state: 'unknown' };
    }
  }

  const read: LifecycleReader['read'] = async (repositories, signal) => {
    await inParallel(repositories, CALLS_AT_ONCE, async (repository) => {
      const key = cacheKey(repository);
      const known = previews.get(key);
      const isDue = known === undefined || clock.now().getTime() - known.startedAt >= PREVIEW_MS;
      const current = isDue ? await start(repository, signal) : known;
      const preview = current.state === 'started' ? await readPreview(repository, current, signal) : current;
      previews.set(key, preview);
      if (preview.state === 'done') last.set(key, preview);
      if (preview.state === 'unknown') last.delete(key);
    });
    return ({ registry, repository, digest }) => {
      const host = ecrHostOf(registry);
      const preview = host === undefined ? undefined : last.get(cacheKey({ host, name: repository }));
      return preview === undefined ? undefined : (preview.actions.get(digest) ?? { action: 'keep' });
    };
  };

  return {
    read,
    forget(isChanged) {
      for (const kept of [previews, last]) {
        for (const [key, { of }] of kept) if (isChanged(of)) kept.delete(key);
      }
    },
  };
}
