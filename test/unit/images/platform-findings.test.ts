import { describe, expect, it } from 'vitest';
import { type ArtifactInUse, auditImages } from '../../../lib/images/audit.ts';
import type { Platform, RolloutImage } from '../../../lib/images/types.ts';
import type { RunFacts } from '../../../lib/records/fact.ts';
import { planRecords } from '../../../lib/records/plan-records.ts';
import type { ObjectRecord } from '../../../lib/records/record.ts';
import { deployment, rendered } from '../../helpers/workloads.ts';

const never = new AbortController().signal;
const clock = { now: () => new Date('2026-01-01T00:00:00Z') };
const IMAGE = `123456789012.dkr.ecr.eu-west-1.amazonaws.com/web@sha256:${'a'.repeat(64)}`;
const AMD: Platform = { os: 'linux', architecture: 'amd64' };
const ARM: Platform = { os: 'linux', architecture: 'arm64' };

async function auditOf(image: RolloutImage | undefined, platforms: readonly Platform[] | undefined, used = IMAGE): Promise<RunFacts> {
  const picky = deployment('picky', used);
  const spec = { template: { spec: { containers: [{ name: 'c0', image: used }], nodeSelector: { 'kubernetes.io/arch': 'arm64' } } } };
  const artifact: ArtifactInUse['artifact'] = {
    ...rendered('a1', deployment('web', used), { ...picky, spec }),
    digests: [],
    ...(image === undefined ? {} : { images: { [IMAGE]: image } }),
  };
  const registry = { resolve: async () => new Map(), settings: async () => new Map() };
  const history = { last: async () => new Map(), append: async () => undefined };
  const inUse = { cluster: 'prod-eu', artifact, ...(platforms === undefined ? {} : { platforms }) };
  const [audit] = await auditImages([inUse], { registry, history, clock }, never);
  if (audit === undefined) throw new Error('no cluster was audited');
  return { ...audit, runId: '01JGFJJZ00', startedAt: '2026-01-01T00:00:00Z' };
}

const linesOf = ({ facts }: RunFacts) =>
  facts.map(({ class: id, object, changes }) => `${id} ${object.name} ${changes[0]?.path === IMAGE}`);

describe('an image that no node of its cluster can run', () => {
  it.each<[string, RolloutImage | undefined, readonly Platform[] | undefined, readonly string[]]>([
    ['is found of an index, before anything runs', { isIndex: true, platforms: [ARM] }, [AMD], ['ref.no-platform web true']],
    ['is found of a single manifest', { isIndex: false, platforms: [ARM] }, [AMD], ['ref.platform-pin web true']],
    ['is not found where one can', { isIndex: true, platforms: [ARM] }, [AMD, ARM], []],
    ['is not found while no node is known', { isIndex: true, platforms: [ARM] }, undefined, []],
    ['is not found while the image is not known', undefined, [AMD], []],
  ])('%s', async (_what, image, platforms, lines) => {
    expect(linesOf(await auditOf(image, platforms))).toEqual(lines);
  });

  it('stays a finding while the nodes are not known, and is over once one can run it, or it is not used', async () => {
    let next = 0;
    const recordsOf = (open: readonly ObjectRecord[], run: RunFacts) =>
      planRecords(open, run, clock.now(), () => `id${next++}`).flatMap((steps) => steps.slice(-1));
    const arm: RolloutImage = { isIndex: true, platforms: [ARM] };
    const open = recordsOf([], await auditOf(arm, [AMD]));
    expect(open).toMatchObject([{ class: 'ref.no-platform', event: 'opened' }]);
    expect(recordsOf(open, await auditOf(arm, undefined))).toEqual([]);
    expect(recordsOf(open, await auditOf(undefined, [AMD]))).toEqual([]);
    expect(recordsOf(open, await auditOf({ isIndex: true, platforms: [AMD] }, [AMD]))).toMatchObject([{ event: 'resolved' }]);
    const other = IMAGE.replace('/web@', '/api@');
    expect(recordsOf(open, await auditOf(undefined, undefined, other))).toMatchObject([{ event: 'resolved' }]);
  });
});
