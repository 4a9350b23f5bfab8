import type { Failure } from '../../errors.ts';
import { printableReference } from '../reference.ts';
import type { FindingId } from '../types.ts';

/** What a finding about pods says to people: what is so, and what to do about it. */
export function podSentence(
  {
    id,
    image,
    desired = '',
    live = '',
    why,
  }: {
    readonly id: FindingId;
    readonly image: string;
    readonly desired?: string;
    readonly live?: string;
    /** What a registry said. */
    readonly why?: Failure;
  },
  pods: number,
): string {
  const shown = printableReference(image);
  const many = pods === 1 ? 'one pod' : `${pods} pods`;
  const because = why === undefined ? '' : ` (${why.reason}: ${why.message})`;
  switch (id) {
    case 'run.mismatch':
      return `${many} of image ${shown} run other bytes than ${desired}: ${live}. Restart them through their template, and find out how they came there.`;
    case 'run.split':
      return `replicas of one template run different bytes of image ${shown}. ${image.includes('@') ? 'Restart' : 'Pin its digest, and restart'} the workload.`;
    case 'run.unverifiable':
      if (image === '') return `it cannot be told from which template ${many} were made, so nothing is known of what they should run.`;
      if (live === '') return `whether image ${shown} can still be pulled is not known${because}. Check the registry and our access to it.`;
      return `what ${many} of image ${shown} run could not be compared with ${desired}: ${live}${because}. Check the registry and our access to it.`;
    case 'ref.platform-pin':
      return `${many} of image ${shown} run it for another platform than their node's. Pin the index, not the image of one platform.`;
    case 'ref.no-platform':
      return `image ${shown} has nothing for the platform of the nodes of ${many}. Build it for them, or keep the workload off those nodes.`;
    case 'digest.missing':
      if (pods === 0) return `image ${shown} is not in its registry any more${because}: its next pod will not start. Push it again.`;
      return `image ${shown} is not in its registry any more${because}, and ${many} run it: no other node can pull it, so a node's death would be an outage. Push it again.`;
    case 'pod.image-patched':
      return `${many} were changed after they were made: their template has image ${desired}, they have ${live}. Delete them; their controller makes new ones.`;
    case 'pod.ephemeral':
      return `somebody attached a debug container (${printableReference(live)}) to ${many}. It stays until the pod is gone; delete the pod when it is no longer needed.`;
    case 'pod.injected':
      return `${many} have a container that their template has not (${printableReference(live)}): an admission webhook adds it, or somebody did.`;
    case 'pod.debug-copy':
      return `a pod that nothing controls runs image ${shown} of a workload, as \`kubectl debug --copy-to\` makes it. Delete it when it is no longer needed.`;
    case 'fs.writable':
      return `its root file system can be written to, so what runs need not be what was pulled. Set securityContext.readOnlyRootFilesystem.`;
    case 'fs.state':
      return `it keeps data in ${live}, which is gone with the pod or its node, and differs between replicas. Use a PersistentVolumeClaim.`;
    case 'pull.hazard':
      return `image ${shown} has no digest and is pulled ${live}: nodes can run different bytes of one tag. Pin its digest.`;
    case 'prov.no-commit':
      return `image ${shown} does not say from which commit it was built. Set the label org.opencontainers.image.revision.`;
    case 'build.mutating':
      return `image ${shown} was built by a step that upgrades to whatever is newest (${live}): building it again gives other bytes. Name versions instead.`;
    default:
      return `image ${shown}.`;
  }
}
