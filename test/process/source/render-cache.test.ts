import { describe, expect, it } from 'vitest';
import { createRepository } from '../../helpers/git-repository.ts';
import { Fleet, row } from './source-fleet.ts';

const configMap = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;
const APP = { 'app/kustomization.yaml': 'resources: [x.yaml]', 'app/x.yaml': configMap('x') };
const CHART = {
  'chart/Chart.yaml': 'apiVersion: v2\nname: chart\nversion: 1.0.0\n',
  'chart/templates/a.yaml': `${configMap('a')}data: {kube: {{ .Capabilities.KubeVersion.Version | quote }}, has: {{ .Capabilities.APIVersions.Has "x.io/v1" | quote }}}\n`,
};

/** What the first run at a cluster stores; `Fleet` reads the list back from its digest. */
async function contact(fleet: Fleet, cluster: string, serverVersion: string, apiVersions = 'v1'): Promise<void> {
  await fleet.dependencies().state.update(cluster, { serverVersion, apiVersions });
}

describe('what was rendered before', () => {
  it('is published again under a commit that changes none of its files', async () => {
    using repository = createRepository();
    using fleet = new Fleet();
    repository.commit({
      'app/kustomization.yaml': 'resources: [../base]',
      'base/kustomization.yaml': 'resources: [x.yaml]',
      'base/x.yaml': configMap('x'),
    });
    fleet.add(row('one', repository.url));
    await fleet.run(repository.url);

    const second = repository.commit({ 'elsewhere/y.yaml': configMap('y') });
    expect((await fleet.run(repository.url)).outcomes).toMatchObject([{ outcome: 'published', revision: second }]);
    expect(fleet.kubectlRuns).toBe(1);
    expect(fleet.desired('one')).toMatchObject({ revision: second, objects: [{ metadata: { name: 'x' } }] });

    repository.commit({ 'base/x.yaml': configMap('x2') });
    await fleet.run(repository.url);
    expect(fleet.kubectlRuns).toBe(2);
    expect(fleet.desired('one')?.objects).toMatchObject([{ metadata: { name: 'x2' } }]);
  });

  it('serves rows of other branches and other secrets too, and a row that comes later', async () => {
    using repository = createRepository();
    using fleet = new Fleet();
    const first = repository.commit(APP);
    repository.git('branch', 'next');
    fleet.add(row('one', repository.url), row('two', repository.url, { branch: 'next' }), row('three', repository.url, { branch: first }));
    await fleet.run(repository.url);
    fleet.add(row('four', repository.url, { credentialsSecret: 'other' }), row('five', repository.url));
    await fleet.run(repository.url, 'other');
    await fleet.run(repository.url);
    expect(fleet.kubectlRuns).toBe(1);
    expect(['one', 'two', 'three', 'four', 'five'].map((cluster) => fleet.desired(cluster)?.reference)).toEqual([
      'main',
      'next',
      first,
      'main',
      'main',
    ]);
  });

  it('is not rendered again for an image that is looked for at each tick, and its images are locked at each commit', async () => {
    using repository = createRepository();
    using fleet = new Fleet();
    repository.commit(APP);
    fleet.add(row('one', repository.url), row('two', repository.url, { imagePolicy: 'report' }));
    fleet.blocked = { 'apps/Deployment/shop/web': { reason: 'TagUnresolvable', message: 'web:9 does not exist' } };
    await fleet.run(repository.url);
    await fleet.run(repository.url);
    fleet.blocked = {};
    await fleet.run(repository.url);
    repository.commit({ 'elsewhere/y.yaml': configMap('y') });
    await fleet.run(repository.url);
    expect(fleet.lockedPaths).toHaveLength(2 * 4);
    expect(fleet.kubectlRuns).toBe(1);
    expect(fleet.desired('one')?.blocked).toEqual({});
  });

  it.each(['its branch', 'a commit'])('has its images locked again when an exception ends, on a row that follows %s', async (what) => {
    using repository = createRepository();
    using fleet = new Fleet();
    const first = repository.commit(APP);
    fleet.add(row('one', repository.url, what === 'a commit' ? { branch: first } : {}));
    fleet.exceptedUntil = '2026-11-26T00:00:00.000Z';
    await fleet.run(repository.url);
    fleet.now = new Date('2026-11-25T23:59:59Z');
    expect((await fleet.run(repository.url)).outcomes).toMatchObject([{ outcome: 'unchanged' }]);
    expect(fleet.lockedPaths).toHaveLength(1);

    fleet.now = new Date('2026-11-26T00:00:00Z');
    fleet.exceptedUntil = undefined;
    fleet.blocked = { 'apps/Deployment/shop/web': { reason: 'DigestRequired', message: 'its exception ended' } };
    expect((await fleet.run(repository.url)).outcomes).toMatchObject([{ outcome: 'published', revision: first }]);
    expect(fleet.desired('one')?.blocked).toEqual(fleet.blocked);
    expect(fleet.messages).toHaveLength(2);
    expect(fleet.states.get('one')?.exceptedUntil).toBeUndefined();
    expect(fleet.kubectlRuns).toBe(1);
  });

  it('is rendered again when its artifact is gone', async () => {
    using repository = createRepository();
    using fleet = new Fleet();
    repository.commit(APP);
    fleet.add(row('one', repository.url));
    await fleet.run(repository.url);
    fleet.artifacts.clear();
    repository.commit({ 'elsewhere/y.yaml': configMap('y') });
    await fleet.run(repository.url);
    expect(fleet.kubectlRuns).toBe(2);
    expect(fleet.desired('one')).toBeDefined();
  });

  it('is rendered again for a row that allows bases in other repositories', async () => {
    using repository = createRepository();
    using fleet = new Fleet();
    repository.commit(APP);
    fleet.add(row('one', repository.url));
    await fleet.run(repository.url);
    fleet.add(row('one', repository.url, { remoteBases: 'allow' }));
    await fleet.run(repository.url);
    expect(fleet.kubectlRuns).toBe(2);
  });
});

describe('a chart', () => {
  it('waits until its cluster was contacted, which it asks for once, and is fetched again then', async () => {
    using repository = createRepository();
    using fleet = new Fleet();
    repository.commit(CHART);
    fleet.add(row('new', repository.url, { path: 'chart' }));
    expect((await fleet.run(repository.url)).outcomes).toMatchObject([{ outcome: 'waiting' }]);
    expect(fleet.messages).toEqual([{ cluster: 'new', reason: 'artifact' }]);
    await fleet.run(repository.url);
    expect(fleet.messages).toHaveLength(1);
    expect(await fleet.records.query({})).toEqual([]);

    await contact(fleet, 'new', 'v1.36.3');
    expect((await fleet.run(repository.url)).outcomes).toMatchObject([{ outcome: 'published' }]);
    expect(fleet.desired('new')?.objects).toMatchObject([{ data: { kube: 'v1.36.3', has: 'false' } }]);
  });

  it('is rendered once for clusters that are alike, and again at the same commit when one of them changes', async () => {
    using repository = createRepository();
    using fleet = new Fleet();
    const revision = repository.commit(CHART);
    for (const cluster of ['one', 'two', 'three']) {
      fleet.add(row(cluster, repository.url, { path: 'chart' }));
      await contact(fleet, cluster, cluster === 'three' ? 'v1.33.0' : 'v1.36.3');
    }
    await fleet.run(repository.url);
    expect(fleet.helmRuns).toBe(2 * 2);
    await fleet.run(repository.url);
    expect(fleet.helmRuns).toBe(2 * 2);

    await contact(fleet, 'one', 'v1.36.3', 'v1,x.io/v1');
    const { outcomes } = await fleet.run(repository.url);
    expect(outcomes).toMatchObject([{ cluster: 'two' }, { cluster: 'three' }, { cluster: 'one', revision }]);
    expect(fleet.helmRuns).toBe(3 * 2);
    expect(['one', 'two', 'three'].map((cluster) => fleet.desired(cluster)?.objects[0]?.data)).toEqual([
      { kube: 'v1.36.3', has: 'true' },
      { kube: 'v1.36.3', has: 'false' },
      { kube: 'v1.33.0', has: 'false' },
    ]);
    // By what they were rendered from they are known as one tree, whose images have one digest each.
    const [inputs, ...others] = ['one', 'two', 'three'].map((cluster) => fleet.desired(cluster)?.inputs);
    expect(inputs).toMatch(/./);
    expect(others).toEqual([inputs, inputs]);
  });

  it('that its cluster is too old for is tried again when the cluster was upgraded', async () => {
    using repository = createRepository();
    using fleet = new Fleet();
    repository.commit({ ...CHART, 'chart/Chart.yaml': `${CHART['chart/Chart.yaml']}kubeVersion: ">=1.36"\n` });
    fleet.add(row('one', repository.url, { path: 'chart' }));
    await contact(fleet, 'one', 'v1.33.0');
    await fleet.run(repository.url);
    await fleet.run(repository.url);
    expect(fleet.states.get('one')?.sourceFailure).toMatchObject({ reason: 'HelmFailed', message: expect.stringContaining('>=1.36') });
    expect(await fleet.records.query({})).toHaveLength(1);
    await contact(fleet, 'one', 'v1.36.3');
    expect((await fleet.run(repository.url)).outcomes).toMatchObject([{ outcome: 'published' }]);
    expect(fleet.states.get('one')?.sourceFailure).toBeUndefined();
  });

  it('is fetched with the values files that it names elsewhere', async () => {
    using repository = createRepository();
    using fleet = new Fleet();
    repository.commit({
      ...CHART,
      'chart/plumbline.yaml': 'helm: {valuesFiles: [../values/prod.yaml]}',
      'chart/templates/a.yaml': `${configMap('a')}data: {x: {{ .Values.x }}}`,
      'values/prod.yaml': 'x: one\n',
    });
    fleet.add(row('one', repository.url, { path: 'chart' }));
    await contact(fleet, 'one', 'v1.36.3');
    await fleet.run(repository.url);
    expect(fleet.desired('one')?.objects).toMatchObject([{ data: { x: 'one' } }]);
    repository.commit({ 'values/prod.yaml': 'x: two\n' });
    await fleet.run(repository.url);
    expect(fleet.desired('one')?.objects).toMatchObject([{ data: { x: 'two' } }]);
  });
});
