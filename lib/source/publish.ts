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
  readonly lockImages: (
    rendered: RenderedSource,
    wanted: Pick<Wanted, 'imagePolicy' | 'regions'>,
    signal: AbortSignal,
  ) => Promise<LockedSource>;
  readonly clock: Clock;
}

/** What one artifact is made for. */
export interface Wanted extends Pick<ClusterRow, 'path' | 'remoteBases' | 'imagePolicy'> {
  readonly clone: Clone;
  /** Of everything that rendering the path may read. */
  readonly inputs: string;
  /** Branch, tag or commit id as the rows ask for it. */
  readonly reference: string;
  /** Of the clusters that it is for, where they are in one. */
  readonly regions: readonly string[];
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
  /** False while an image of it could not be resolved, which may change without a commit. */
  readonly complete: boolean;
  /** ISO 8601: from when on it is out of date without a commit. */
  readonly exceptedUntil?: string;
  /** Whether what a registry says of an image stops rollouts to it, which may change without a commit too. */
  readonly stopped: boolean;
  readonly render: KnownRender;
}

/** What a render depended on, by its key, and what it was before its images were locked, by the digest of an artifact. */
export interface KnownRender {
  readonly renderKey: string;
  readonly renderedArtifact: string;
}

/** The renders that states know of, and those of this run. */
export class KnownRenders {
  readonly #artifacts: Map<string, string>;

  constructor(states: readonly ClusterState[]) {
    this.#artifacts = new Map(
      states.flatMap(({ renderKey, renderedArtifact }) =>
        renderKey === undefined || renderedArtifact === undefined ? [] : [[renderKey, renderedArtifact] as const],
      ),
    );
  }

  get(key: string): string | undefined {
    return this.#artifacts.get(key);
  }

  add({ renderKey, renderedArtifact }: KnownRender): void {
    this.#artifacts.set(renderKey, renderedArtifact);
  }
}

/** Changes with everything else that a render depends on: raise it with each change of what is rendered from the same files. */
const RENDERER = 2;

/**
 * Renders a path, unless the same was rendered before, locks its images and publishes the artifact. Locks are asked for at each commit: a
 * relock counts from the next one on. Throws what rendering and locking throw.
 */
export async function publishPath(
  wanted: Wanted,
  toolVersions: string,
  renders: KnownRenders,
  deps: PublishDependencies,
  signal: AbortSignal,
): Promise<Published> {
  const renderKey = renderKeyOf(wanted, toolVersions);
  const { rendered, renderedArtifact } =
    (await renderedBefore(renderKey, wanted, renders, deps, signal)) ?? (await renderNow(wanted, deps, signal));
  const render = { renderKey, renderedArtifact };
  renders.add(render);
  const source = wanted.server === undefined ? rendered : { ...rendered, inputs: wanted.inputs };
  const locked = await deps.lockImages(source, wanted, signal);
  const artifact = await deps.artifacts.put({ ...locked, schemaVersion: 1, renderedAt: deps.clock.now().toISOString() });
  const stopped = Object.values(locked.images ?? {}).some(({ stops }) => stops !== undefined);
  const { exceptedUntil } = locked;
  const ends = exceptedUntil === undefined ? {} : { exceptedUntil };
  return { artifact, complete: Object.keys(locked.blocked).length === 0, stopped, ...ends, render };
}

function renderKeyOf({ clone, path, inputs, remoteBases, server }: Wanted, toolVersions: string): string {
  const from = [RENDERER, toolVersions, clone.repository, path, inputs, remoteBases ?? 'refuse', server?.version, server?.apiVersions];
  return createHash('sha256').update(JSON.stringify(from)).digest('hex');
}

interface Rendered {
  readonly rendered: RenderedSource;
  readonly renderedArtifact: string;
}

async function renderNow(
  { clone, path, reference, remoteBases, server }: Wanted,
  deps: PublishDependencies,
  signal: AbortSignal,
): Promise<Rendered> {
  const facts = server && { version: server.version, apiVersions: await deps.artifacts.getApiVersions(server.apiVersions, signal) };
  const rendered = await renderPath({ ...clone, reference }, path, deps, signal, {
    ...(facts === undefined ? {} : { server: facts }),
    ...(remoteBases === undefined ? {} : { remoteBases }),
  });
  const renderedAt = deps.clock.now().toISOString();
  return { rendered, renderedArtifact: await deps.artifacts.put({ ...rendered, ...UNLOCKED, schemaVersion: 1, renderedAt }) };
}

/** An artifact without images to lock is the same before and after. */
const UNLOCKED = { digests: [], findings: [], blocked: {} } as const;

const UNUSABLE: ReadonlySet<string> = new Set(['ArtifactMissing', 'ArtifactAltered']);

/** Undefined when it was not, or when what it rendered to is not there any more. */
async function renderedBefore(
  renderKey: string,
  { clone: { repository, revision }, reference, path }: Wanted,
  renders: KnownRenders,
  { artifacts }: PublishDependencies,
  signal: AbortSignal,
): Promise<Rendered | undefined> {
  const renderedArtifact = renders.get(renderKey);
  if (renderedArtifact === undefined) return undefined;
  try {
    const {
      digests: _,
      findings: _f,
      blocked: _b,
      exceptedUntil: _e,
      schemaVersion: _s,
      renderedAt: _r,
      ...rendered
    } = await artifacts.get(renderedArtifact, signal);
    return { rendered: { ...rendered, repository, reference, revision, path }, renderedArtifact };
  } catch (error) {
    if (error instanceof PlumblineError && UNUSABLE.has(error.reason)) return undefined;
    throw error;
  }
}
