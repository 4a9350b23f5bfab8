import { actOn, type FindingId, type FindingPolicy, severityOf } from './finding-table.ts';
import type { ImageUse } from './image-uses.ts';
import type { AskedDetails, DetailsAnswer } from './registry/image-details.ts';
import type { NoAnswer } from './registry/registry.ts';
import type { ImageFinding } from './types.ts';

const DAY_MS = 86_400_000;
/** Vulnerabilities are found in old images each day. */
const MAX_SCAN_AGE_DAYS = 30;

/** What is known of the image that a reference deploys. */
export interface ImageObservation {
  readonly digest: string;
  readonly details: DetailsAnswer;
  /** Of the registry in the cluster's own region, where that is another than the reference's. */
  readonly copy?: { readonly region: string; readonly answer: 'there' | NoAnswer };
}

/** What has to be asked for, so that nothing is missing that one of these policies wants to know. */
export function detailsAsked(policies: readonly (FindingPolicy | undefined)[]): AskedDetails {
  const wants = (...ids: readonly FindingId[]) => policies.some((policy) => ids.some((id) => actOn(id, policy) !== 'ignore'));
  return { lifecycles: wants('digest.expiring'), scans: wants('scan.stale', 'scan.critical'), signatures: wants('sig.missing') };
}

/** What the details of an image say against deploying it, or against relying on it. */
export function detailFindings(use: ImageUse, { digest, details: answer, copy }: ImageObservation, now: Date): readonly ImageFinding[] {
  const findings: ImageFinding[] = [];
  const find = (id: FindingId, text: string) =>
    findings.push({ id, severity: severityOf(id), reference: use.shown, objects: use.objects, message: `image ${use.shown} ${text}` });
  if (copy !== undefined && copy.answer !== 'there' && copy.answer.state === 'missing') {
    find(
      'digest.not-replicated',
      `is not in ${copy.region}, the region of this cluster: its nodes pull it from another region, and start nothing while they cannot. Replicate the repository, and name its copy.`,
    );
  }
  if (answer.state !== 'found') return findings;
  const { status, scan, lifecycle, signed } = answer.details;
  if (status !== 'ACTIVE') {
    find(
      'digest.archived',
      `is archived (${status}) as ${digest}, and cannot be pulled: this node's death would be an outage. Restore it, or deploy another.`,
    );
  }
  if (lifecycle !== undefined && lifecycle.action !== 'keep') {
    find(
      'digest.expiring',
      `is about to be ${lifecycle.action === 'expire' ? 'deleted' : 'archived'} as ${digest} by rule ${lifecycle.rule} of its repository's lifecycle policy: after that a node's death would be an outage. Keep it out of the rule.`,
    );
  }
  if (signed === false) find('sig.missing', `has no signature attached to ${digest}. Sign it when it is built.`);
  if (scan === 'never') {
    find('scan.stale', 'was never scanned for vulnerabilities. Scan it on push.');
  } else if (scan !== undefined) {
    const days = Math.floor((now.getTime() - Date.parse(scan.completedAt)) / DAY_MS);
    if (days > MAX_SCAN_AGE_DAYS) find('scan.stale', `was scanned for vulnerabilities ${days} days ago. Scan it again.`);
    if (scan.critical > 0) {
      find(
        'scan.critical',
        `has ${scan.critical} vulnerabilities of severity CRITICAL, by the scan of ${scan.completedAt}. Build it again on a fixed base.`,
      );
    }
  }
  return findings;
}

/** What was to be known of the details of an image and is not: no pass. At most one, since one says enough. */
export function unknownDetails(
  use: ImageUse,
  { details: answer, copy }: ImageObservation,
  asked: Pick<AskedDetails, 'scans' | 'signatures'>,
): readonly ImageFinding[] {
  const unknown = (what: string, why: string): readonly ImageFinding[] => {
    const message = `image ${use.shown}: ${what} could not be read (${why}), so nothing is known of it now; check the registry and our access to it.`;
    return [{ id: 'run.unverifiable', severity: severityOf('run.unverifiable'), reference: use.shown, objects: use.objects, message }];
  };
  const said = ({ failure: { reason, message } }: NoAnswer) => `${reason}: ${message}`;
  if (answer.state === 'unverifiable') return unknown('what its registry knows of it', said(answer));
  if (copy !== undefined && copy.answer !== 'there' && copy.answer.state === 'unverifiable') {
    return unknown(`whether ${copy.region} has a copy of it`, said(copy.answer));
  }
  if (answer.state !== 'found') return [];
  const silent = 'the registry did not tell';
  if (asked.signatures && answer.details.signed === undefined) return unknown('whether it is signed', silent);
  return asked.scans && answer.details.scan === undefined ? unknown('its scan', silent) : [];
}

const DETAIL_FINDINGS: ReadonlySet<string> = new Set<FindingId>([
  'digest.archived',
  'digest.expiring',
  'digest.not-replicated',
  'sig.missing',
  'scan.stale',
  'scan.critical',
]);

/** Whether what is known now can undo a finding of the details; undefined for another finding. */
export function closesDetail(id: string, observed: ImageObservation | undefined): boolean | undefined {
  if (!DETAIL_FINDINGS.has(id)) return undefined;
  if (observed === undefined) return false;
  if (id === 'digest.not-replicated') return observed.copy === undefined || observed.copy.answer === 'there';
  if (observed.details.state !== 'found') return false;
  const { scan, lifecycle, signed } = observed.details.details;
  if (id === 'digest.expiring') return lifecycle !== undefined;
  if (id === 'sig.missing') return signed !== undefined;
  if (id === 'scan.critical') return typeof scan === 'object';
  return id === 'digest.archived' || scan !== undefined;
}
