import type { Failure } from '../errors.ts';
import type { ObjectId } from '../manifests/object.ts';
import type { FindingId, Severity } from './finding-table.ts';

/** A parsed image reference. `registry` and `repository` carry the defaults of the distribution grammar (`docker.io/library/…`). */
export interface ImageReference {
  /** As written in the manifest. */
  readonly text: string;
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

/** `{source repository, reference} → digest`: written once, kept until Git changes the reference or a person relocks it. */
export interface ImageLock {
  /** As written in Git, without a digest: `123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1.4`. */
  readonly reference: string;
  /** `sha256:…` of the manifest or index that the tag named when it was locked. */
  readonly digest: string;
  readonly mediaType: string;
  readonly platforms: readonly Platform[];
  /** ISO 8601. */
  readonly resolvedAt: string;
  /** 1 until a person relocks the reference. */
  readonly generation: number;
  /** The commit for which it was first resolved; empty when a relock did, which no commit asked for. */
  readonly firstRevision: string;
  /** Why it was relocked. */
  readonly reason?: string;
  /** Which relock of its repository made it, counted from 1; absent of the first generation. */
  readonly relock?: number;
}

/** What is known at render of an image that objects name by its digest, as far as it may stop a rollout to it. */
export interface RolloutImage {
  /** Whether the digest is that of an index; of a single manifest otherwise. Absent with `platforms`. */
  readonly isIndex?: boolean;
  /** The platforms that it has an image for; absent where that is not known, or stops nothing. */
  readonly platforms?: readonly Platform[];
  /** What is against deploying it. */
  readonly stops?: readonly RolloutStop[];
}

export interface RolloutStop extends Failure {
  /** Only in clusters of this region. */
  readonly region?: string;
}

export type { FindingId, Severity } from './finding-table.ts';

/** One fact about one image reference in use. */
export interface ImageFinding {
  readonly id: FindingId;
  readonly severity: Severity;
  readonly reference: string;
  /** The objects whose pod templates use it. */
  readonly objects: readonly (ObjectId & { readonly apiVersion: string })[];
  /** A sentence for people: subject, value, remedy. */
  readonly message: string;
  /** For `tag.moved` and `tag.tag-digest-disagree`: the digest that is deployed, and the one that the tag names now. */
  readonly lockedDigest?: string;
  readonly currentDigest?: string;
}
