import { describe, expect, it } from 'vitest';
import { FINDINGS, type FindingAct, type Severity, STOPS_ROLLOUT } from '../../../lib/images/finding-table.ts';

/** What is done about a finding: B blocks, R reports, P is what `plumbline.yaml` says, which may be to block. */
type Act = 'B' | 'R' | 'P';
const TABLE: readonly (readonly [keyof typeof FINDINGS, Severity, Act])[] = [
  ['ref.invalid', 'high', 'B'],
  ['ref.latest', 'high', 'P'],
  ['ref.unpinned', 'medium', 'P'],
  ['ref.platform-pin', 'high', 'B'],
  ['ref.no-platform', 'critical', 'B'],
  ['tag.unresolvable', 'critical', 'B'],
  ['digest.missing', 'critical', 'B'],
  ['digest.archived', 'critical', 'B'],
  ['digest.expiring', 'high', 'R'],
  ['digest.not-replicated', 'high', 'B'],
  ['tag.moved', 'high', 'R'],
  ['tag.tag-digest-disagree', 'medium', 'R'],
  ['repo.mutable', 'high', 'P'],
  ['tag.excluded', 'high', 'P'],
  ['repo.pullthrough', 'medium', 'R'],
  ['repo.template-mutable', 'low', 'R'],
  ['run.mismatch', 'critical', 'R'],
  ['run.split', 'high', 'R'],
  ['run.unverifiable', 'medium', 'R'],
  ['pod.image-patched', 'critical', 'R'],
  ['pod.ephemeral', 'high', 'R'],
  ['pod.exec', 'high', 'R'],
  ['pod.debug-copy', 'medium', 'R'],
  ['pod.injected', 'low', 'R'],
  ['fs.writable', 'medium', 'P'],
  ['fs.state', 'medium', 'R'],
  ['pull.hazard', 'medium', 'R'],
  ['sig.missing', 'medium', 'P'],
  ['scan.stale', 'low', 'P'],
  ['scan.critical', 'high', 'P'],
  ['prov.no-commit', 'medium', 'P'],
  ['build.mutating', 'low', 'R'],
  ['reg.foreign', 'low', 'R'],
];

describe('the findings about images', () => {
  it('are these, and no others', () => {
    expect(Object.keys(FINDINGS).sort()).toEqual(TABLE.map(([id]) => id).sort());
  });

  it.each(TABLE)('%s matters as %s and is acted on as %s', (id, severity, act) => {
    const found: { readonly severity: Severity; readonly act: FindingAct; readonly blockable: boolean } = FINDINGS[id];
    expect(found.severity).toBe(severity);
    if (act === 'R') expect(found.act).toBe('report');
    else expect(found).toMatchObject(act === 'B' ? { act: 'block' } : { act: expect.stringMatching(/report|ignore/), blockable: true });
  });

  it('stop a rollout only where they can block', () => {
    expect([...STOPS_ROLLOUT].filter((id) => FINDINGS[id].act !== 'block')).toEqual([]);
  });
});
