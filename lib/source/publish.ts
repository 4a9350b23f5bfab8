import { createHash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { PlumblineError } from '../errors.ts';
import type { ClusterRow, ClusterState } from '../fleet/cluster.ts';
import { type RenderDependencies, renderPath } from '../render/render.ts';
import type { ArtifactStore } from '../storage/stores.ts';
import type { LockedSource, RenderedSource } from './artifact.ts';
import type { Clone } from './clone.ts';

export interface PublishDependencies extends RenderDependencies {
  readonly artifacts: Pick<ArtifactStore, 'get' | 'put' | 'getApiVersions'>;
  readonly lockImages: (rendered: RenderedSource, policy: ClusterRow['imagePolicy'], signal: AbortSignal) => Promise<LockedSource>;
  readonly clock: Clock;
}

/** What one artifact is made for. */
export interface Wanted extends Pick<ClusterRow, 'path' | 'remoteBases' | 'imagePolicy'> {
  readonly clone: Clone;
  /** Of everything that rendering the path may read. */
  readonly inputs: string;
  /** Branch, tag or commit id as the rows ask for it. */
  readonly reference: string;
  /** What is known of the cluster, where the render depends on it. */
  readonly server?: KnownServer;
}

export interface KnownServer {
  readonly version: string;
  /** Digest of the list of what it serves. */
  readonly apiVersions: string;
}

export interface Published {
  /** Digest of the artifact. */
  readonly artifact: string;
  /** What it was rendered from; absent while an image of it could not be resolved, since that may change without a commit. */
  readonly renderKey?: string;
}

/** Renders by their key: those that states know of, and those of this run. */
export class KnownRenders {
  readonly #artifacts: Map<string, string>;

  constructor(states: readonly ClusterState[]) {
    this.#artifacts = new Map(
      states.flatMap(({ renderKey, desiredArtifact }) =>
        renderKey === undefined || desiredArtifact === undefined ? [] : [[renderKey, desiredArtifact] as const],
      ),
    );
  }

  get(key: string): string | undefined {
    return this.#artifacts.get(key);
  }

  add(key: string, artifact: string): void {
    this.#artifacts.set(key, artifact);
  }
}

/** Changes with everything else that a render depends on: raise it with each change of what is rendered from the same files. */
const RENDERER = 1;

/**
 * Renders a path, locks its images and publishes the artifact; or, where the same was rendered before, publishes that under this commit.
 * Throws what rendering and locking throw.
 */
export async function publishPath(
  wanted: Wanted,
  toolVersions: string,
  renders: KnownRenders,
  deps: PublishDependencies,
  signal: AbortSignal,
): Promise<Published> {
  const renderKey = renderKeyOf(wanted, toolVersions);
  const earlier = renders.get(renderKey);
  const reused = earlier === undefined ? undefined : await publishAgain(earlier, wanted, deps, signal);
  if (reused !== undefined) {
    renders.add(renderKey, reused);
    return { artifact: reused, renderKey };
  }
  const { clone, path, reference, remoteBases, imagePolicy, server } = wanted;
  const facts = server && { version: server.version, apiVersions: await deps.artifacts.getApiVersions(server.apiVersions, signal) };
  const rendered = await renderPath({ ...clone, reference }, path, deps, signal, {
    ...(facts === undefined ? {} : { server: facts }),
    ...(remoteBases === undefined ? {} : { remoteBases }),
  });
  const locked = await deps.lockImages(rendered, imagePolicy, signal);
  const artifact = await deps.artifacts.put({ ...locked, schemaVersion: 1, renderedAt: deps.clock.now().toISOString() });
  if (Object.keys(locked.blocked).length > 0) return { artifact };
  renders.add(renderKey, artifact);
  return { artifact, renderKey };
}

function renderKeyOf({ clone, path, inputs, remoteBases, imagePolicy, server }: Wanted, toolVersions: string): string {
  const from = [
    RENDERER,
    toolVersions,
    clone.repository,
    path,
    inputs,
    remoteBases ?? 'refuse',
    imagePolicy,
    server?.version,
    server?.apiVersions,
  ];
  return createHash('sha256').update(JSON.stringify(from)).digest('hex');
}

const UNUSABLE: ReadonlySet<string> = new Set(['ArtifactMissing', 'ArtifactAltered']);

/** Undefined when the artifact is not there as it was: then it is rendered again. */
async function publishAgain(
  digest: string,
  { clone: { repository, revision }, reference, path }: Wanted,
  { artifacts }: PublishDependencies,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const artifact = await artifacts.get(digest, signal);
    return await artifacts.put({ ...artifact, repository, reference, revision, path });
  } catch (error) {
    if (error instanceof PlumblineError && UNUSABLE.has(error.reason)) return undefined;
    throw error;
  }
}
