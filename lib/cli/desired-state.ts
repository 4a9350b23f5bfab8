import { tmpdir } from 'node:os';
import type { Clock } from '../clock.ts';
import type { ClusterRow } from '../fleet/index.ts';
import { createContentReader, type DetailReader, gateImages, type ImageContents, type ImageRegistry, lockImages } from '../images/index.ts';
import { isRenderedFor } from '../reconcile/index.ts';
import { type RenderOptions, toolsIn } from '../render/index.ts';
import { type Artifact, type GitHost, type RenderedSource, type Repository, renderDirectory, renderRevision } from '../source/index.ts';
import type { ArtifactStore, ImageContentStore, LockStore, StateStore } from '../storage/index.ts';
import type { PlanSource } from './deployment.ts';
import { NotFoundError } from './errors.ts';

export interface DesiredStateDependencies {
  readonly state: Pick<StateStore, 'get'>;
  readonly artifacts: Pick<ArtifactStore, 'get' | 'getApiVersions'>;
  readonly locks: LockStore;
  readonly imageContents: ImageContentStore;
  readonly registry: ImageRegistry & ImageContents & { readonly details: DetailReader };
  readonly git: GitHost;
  readonly readRepository: (row: ClusterRow, signal: AbortSignal) => Promise<Repository>;
  readonly toolsDirectory: (signal: AbortSignal) => Promise<string>;
  readonly clock: Clock;
}

/** The desired state that a plan compares: what is published, or what would be. Publishes and locks nothing. */
export async function readDesiredState(
  row: ClusterRow,
  source: PlanSource,
  deps: DesiredStateDependencies,
  signal: AbortSignal,
): Promise<Artifact> {
  if (source.type === 'artifact') return await readPublished(row, deps, signal);
  // Without a lock of its own, a tag is resolved for this plan only.
  const locks: LockStore = {
    ...deps.locks,
    putIfAbsent: async (_repository, lock) => lock,
    putTree: async (_repository, _tree, relocks) => relocks,
  };
  const rendered = await render(row, source, deps, signal);
  const locked = await lockImages(rendered, row.imagePolicy, { registry: deps.registry, locks, clock: deps.clock }, signal);
  const store = { ...deps.imageContents, put: async () => {} };
  const contents = createContentReader({ contents: deps.registry, store, clock: deps.clock });
  const regions = row.connection.type === 'eks' ? [row.connection.region] : [];
  const { registry, clock } = deps;
  const gated = await gateImages(locked, regions, { registry, details: registry.details, contents, clock }, signal);
  return { ...gated, schemaVersion: 1, renderedAt: deps.clock.now().toISOString() };
}

async function readPublished(row: ClusterRow, deps: DesiredStateDependencies, signal: AbortSignal): Promise<Artifact> {
  const state = await deps.state.get(row.cluster, signal);
  if (state?.desiredArtifact !== undefined) {
    const artifact = await deps.artifacts.get(state.desiredArtifact, signal);
    if (isRenderedFor(row, artifact)) return artifact;
  }
  const why =
    state?.sourceFailure === undefined
      ? 'The source function publishes it within two minutes of a registration.'
      : state.sourceFailure.message;
  throw new NotFoundError(`cluster ${row.cluster}: nothing is published for it yet. ${why} To plan without it, give --revision or --path.`);
}

async function render(
  row: ClusterRow,
  source: Exclude<PlanSource, { readonly type: 'artifact' }>,
  deps: DesiredStateDependencies,
  signal: AbortSignal,
): Promise<RenderedSource> {
  const tools = toolsIn(await deps.toolsDirectory(signal));
  const options = await renderOptions(row, deps, signal);
  if (source.type === 'directory') {
    // The folder stands for a commit of the repository, whose locks it has.
    return { ...(await renderDirectory(source.directory, { tools, git: deps.git }, signal, options)), repository: row.repository };
  }
  const asked = { repository: await deps.readRepository(row, signal), reference: source.revision, path: row.path };
  return await renderRevision(asked, { tools, git: deps.git, temporaryDirectory: tmpdir() }, signal, options);
}

/** As the source function renders it; a chart of a cluster that was never contacted sees Helm's own defaults. */
async function renderOptions(
  { cluster, remoteBases }: ClusterRow,
  { state, artifacts }: DesiredStateDependencies,
  signal: AbortSignal,
): Promise<RenderOptions> {
  const known = await state.get(cluster, signal);
  const allowed = remoteBases === undefined ? {} : { remoteBases };
  if (known?.serverVersion === undefined || known.apiVersions === undefined) return allowed;
  return { ...allowed, server: { version: known.serverVersion, apiVersions: await artifacts.getApiVersions(known.apiVersions, signal) } };
}
