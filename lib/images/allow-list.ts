import { stringify } from 'yaml';
import type { Artifact } from '../source/artifact.ts';
import { imageUsesOf } from './image-uses.ts';
import { ImageReferenceError } from './reference.ts';

/** What a cluster may run, as far as Git says. */
export interface AllowList {
  /** `registry/repository@sha256:…`, sorted. */
  readonly images: readonly string[];
  /** References that have no digest, neither in Git nor by a lock: they cannot be listed. */
  readonly unpinned: readonly string[];
}

/** The digests of the images that an artifact deploys. */
export function allowListOf({ objects, digests, settings }: Pick<Artifact, 'objects' | 'digests' | 'settings'>): AllowList {
  const images = new Set<string>();
  const unpinned = new Set<string>();
  for (const { parsed, lock, shown } of imageUsesOf(objects, digests, settings?.images?.paths)) {
    const digest = parsed instanceof ImageReferenceError ? undefined : (parsed.digest ?? lock?.digest);
    if (parsed instanceof ImageReferenceError || digest === undefined) unpinned.add(shown);
    else images.add(`${parsed.registry}/${parsed.repository}@${digest}`);
  }
  return { images: [...images].sort(), unpinned: [...unpinned].sort() };
}

/**
 * A ValidatingAdmissionPolicy that lets in no pod with an image without a digest, in namespaces with this label. It refuses what locking would
 * have pinned, so it changes nothing that Git deploys; it is a backstop against what comes past Git.
 */
export function digestPolicy(name: string): string {
  const policy = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        resourceRules: [
          {
            apiGroups: [''],
            apiVersions: ['v1'],
            operations: ['CREATE', 'UPDATE'],
            resources: ['pods', 'pods/ephemeralcontainers'],
          },
        ],
      },
      variables: [...LISTS, 'volumes'].map((list) => ({
        name: list,
        expression: `has(object.spec.${list}) ? object.spec.${list} : []`,
      })),
      validations: [
        ...LISTS.map((list) => ({
          expression: `variables.${list}.all(container, container.image.matches('${PINNED}'))`,
          message: `every image of ${list} needs a digest: REPOSITORY@sha256:…`,
        })),
        {
          expression: `variables.volumes.all(volume, !has(volume.image) || volume.image.?reference.orValue('').matches('${PINNED}'))`,
          message: 'every image of volumes needs a digest: REPOSITORY@sha256:…',
        },
      ],
    },
  };
  const binding = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name },
    spec: {
      policyName: name,
      validationActions: ['Deny'],
      matchResources: { namespaceSelector: { matchLabels: { [NAMESPACE_LABEL]: 'required' } } },
    },
  };
  return `${stringify(policy, { lineWidth: 0 })}---\n${stringify(binding, { lineWidth: 0 })}`;
}

const PINNED = '@sha256:[0-9a-f]{64}$';
const LISTS = ['containers', 'initContainers', 'ephemeralContainers'] as const;

/** Namespaces that take part: system pods of a cluster have no digests, and a policy over all of them would stop it. */
export const NAMESPACE_LABEL = 'plumbline.dev/image-digests';

/** User data of Bottlerocket nodes (Kubernetes 1.33 and later) that lets containerd pull these digests and no others. */
export function bottlerocketSettings({ images }: AllowList): string {
  const trustedDigests = [...new Set(images.map((image) => image.slice(image.indexOf('@') + 1)))].sort();
  const policy = Buffer.from(JSON.stringify({ version: '1.0', trustedDigests })).toString('base64');
  return `[settings.image-verifier-plugins]\nenabled = true\n\n[settings.image-verifier-plugins.digestion]\ntrustpolicy = "${policy}"\n`;
}
