import type { Failure } from '../errors.ts';
import type { ImageFinding, ImageLock, RolloutImage } from '../images/types.ts';
import type { KubernetesObject, ObjectId } from '../manifests/object.ts';
import type { DesiredSettings } from '../settings/settings.ts';

/**
 * The stages of `source`, as values: each has a field that the one before lacks, so that what was never rendered or never locked does not
 * compile into the next stage.
 */
export interface FetchedSource {
  readonly repository: string;
  /** Branch, tag or commit id as the row asks for it. */
  readonly reference: string;
  /** The full commit id that `reference` named when it was fetched. */
  readonly revision: string;
  /** The work tree on this machine; gone when the run ends. */
  readonly directory: string;
  /** Paths of submodules, whose files are not fetched. */
  readonly submodules?: readonly string[];
}

/** Something in the repository that could not become an object; the objects beside it still go on. Its message says where. */
export interface ManifestProblem extends Failure {
  /** Path in the repository, with the line when it is known: `apps/web.yaml:12`. */
  readonly where: string;
  /** The object that it would have been, when that much could be read. */
  readonly object?: ObjectId & { readonly apiVersion: string };
}

export interface RenderedSource {
  readonly repository: string;
  readonly reference: string;
  readonly revision: string;
  /** The folder in the repository, normalised: no leading or trailing slash, `.` for the root. */
  readonly path: string;
  /** Of a chart, which renders to something else for each kind of server: a digest of everything that it was rendered from. */
  readonly inputs?: string;
  /** The namespace of namespaced objects that name none; `default` when absent. */
  readonly defaultNamespace?: string;
  /** Normalised, in the order in which the files gave them; namespaces are as written, since scope is the cluster's to say. */
  readonly objects: readonly KubernetesObject[];
  readonly problems: readonly ManifestProblem[];
  /** What the `plumbline.yaml` at the path asks for; absent when it asks for nothing. */
  readonly settings?: DesiredSettings;
}

export interface LockedSource extends RenderedSource {
  /** Every reference that was resolved, and the digest that this revision deploys. */
  readonly digests: readonly ImageLock[];
  readonly findings: readonly ImageFinding[];
  /** Objects (by `objectKey`) that must not be applied, and why: an image that could not be resolved blocks its workload only. */
  readonly blocked: Readonly<Record<string, Failure>>;
  /** ISO 8601: when the first of the exceptions of `plumbline.yaml` ends that its images rest on. Then the same commit has to be locked again. */
  readonly exceptedUntil?: string;
  /**
   * What may stop the rollout of objects that name these images (by reference, as deployed), and nothing else of them: what runs is left as
   * it is, and corrected. Absent where nothing may.
   */
  readonly images?: Readonly<Record<string, RolloutImage>>;
}

/** What `source` publishes and `reconcile` applies: content-addressed, with Secrets encrypted at rest. */
export interface Artifact extends LockedSource {
  readonly schemaVersion: 1;
  readonly renderedAt: string;
}
