/** Of Notation, of Cosign, and of Sigstore's bundles, which Cosign writes by now. */
const SIGNATURE_TYPES =
  /^application\/(?:vnd\.cncf\.notary\.signature|vnd\.dev\.cosign\.artifact\.sig\.v1\+json|vnd\.dev\.sigstore\.bundle(?:\.v[\d.]+)?\+json)$/;

/** Whether what is attached to an image is a signature, by its artifact type. */
export function isSignature(artifactType: string | undefined): boolean {
  return SIGNATURE_TYPES.test(artifactType ?? '');
}

/** Where Cosign keeps the signatures of an image that it does not attach: `sha256-….sig`, a tag beside the image. */
export function signatureTag(digest: string): string {
  return `${referrersTag(digest)}.sig`;
}

/** Where clients keep the list of what is attached to an image, in a registry that keeps none itself: `sha256-…`. */
export function referrersTag(digest: string): string {
  return digest.replace(':', '-');
}
