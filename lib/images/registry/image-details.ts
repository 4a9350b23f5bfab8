import type { ImageDigest, NoAnswer } from './registry.ts';

/** When an image was looked through for vulnerabilities, and what was found then. */
export interface ImageScan {
  /** ISO 8601. */
  readonly completedAt: string;
  /** Vulnerabilities of severity CRITICAL. */
  readonly critical: number;
}

/** What a registry knows of an image beside its bytes. */
export interface ImageDetails {
  /** Only an active image can be pulled. */
  readonly status: 'ACTIVE' | 'ACTIVATING' | 'ARCHIVED';
  /** `never` for one that no scan was made of; of an index the oldest scan of its images. Absent where it was not asked for, or is not known. */
  readonly scan?: ImageScan | 'never';
  /** What its lifecycle policy is about to do with it; absent where that is not known. */
  readonly lifecycle?: { readonly action: 'keep' } | { readonly action: 'expire' | 'archive'; readonly rule: number };
  /** Whether a signature is attached, valid or not. Absent where it was not asked for, or is not known. */
  readonly signed?: boolean;
}

export type DetailsAnswer = { readonly state: 'found'; readonly details: ImageDetails } | NoAnswer;

export interface AskedDetails {
  readonly lifecycles: boolean;
  readonly scans: boolean;
  readonly signatures: boolean;
}

/** What costs a call for each image is asked only for those who want it. Throws only when `signal` aborts. */
export interface DetailReader {
  /** By `digestKey`; what is in no registry that knows such details is left out. */
  details(images: readonly ImageDigest[], asked: AskedDetails, signal: AbortSignal): Promise<ReadonlyMap<string, DetailsAnswer>>;
  /** Whether the registry of the same account in another region has these images too, by `digestKey` of what is asked for. */
  copies(images: readonly ImageDigest[], region: string, signal: AbortSignal): Promise<ReadonlyMap<string, 'there' | NoAnswer>>;
  /** Forgets what is known of a repository. */
  forget(isChanged: (image: Pick<ImageDigest, 'registry' | 'repository'>) => boolean): void;
}
