import { describe, expect, it } from 'vitest';
import { GitTree } from '../../../lib/source/git-tree.ts';
import { growSparseSet, sparsePatterns } from '../../../lib/source/sparse-set.ts';

function tree(...entries: readonly string[]): GitTree {
  return new GitTree(
    entries
      .map((entry) => {
        const [path, mode = '100644'] = entry.split(' as ');
        return `${mode} ${mode === '160000' ? 'commit' : 'blob'} ${'0'.repeat(40)}\t${path}\0`;
      })
      .join(''),
  );
}

function grow(files: readonly string[], paths: readonly string[], kustomization: string) {
  const result = growSparseSet(tree(...files), new Set(paths), new Map([['app/kustomization.yaml', kustomization]]));
  return result === 'everything' ? result : [...result];
}

describe('the sparse set', () => {
  const files = ['app/kustomization.yaml', 'base/x.yaml', 'p/q.yaml', 'link as 120000', 'sub as 160000'];
  it.each([
    ['resources: [../base, own.yaml]', ['base']],
    ['bases: [../base/]', ['base']],
    ['components: [./../base]', ['base']],
    ['crds: [../p/q.yaml]', ['p/q.yaml']],
    ['configurations: [../p/q.yaml]', ['p/q.yaml']],
    ['openapi: {path: ../p/q.yaml}', ['p/q.yaml']],
    ['replacements: [{path: ../p/q.yaml}, {source: {kind: X}}]', ['p/q.yaml']],
    ['patches: [{path: ../p/q.yaml, target: {kind: X}}, {patch: "a: b"}]', ['p/q.yaml']],
    ['patchesJson6902: [{path: ../p/q.yaml}]', ['p/q.yaml']],
    ['patchesStrategicMerge: [../p/q.yaml, "a: 1\\nb: 2"]', ['p/q.yaml']],
    ['secretGenerator: [{name: x, files: [../p/q.yaml], env: ../base/x.yaml}]', ['p/q.yaml', 'base/x.yaml']],
    ['namePrefix: x-\nimages: [{name: a, newTag: "1"}]', []],
    ['resources: [../../outside, "https://example.com/x.yaml", github.com/a/b, ../missing]', []],
    ['resources: [../link]', ['link']],
    ['resources: [../link/inside]', 'everything'],
    ['generators: [g.yaml]', 'everything'],
    ['transformers: [t.yaml]', 'everything'],
    ['helmGlobals: {chartHome: ../}\nhelmCharts: [{name: base, valuesFile: ../p/q.yaml}]', ['base', 'p/q.yaml']],
    ['helmChartInflationGenerator: [{chartName: x}]', 'everything'],
    ['somethingNew: [x]', 'everything'],
    ['not: [valid', 'everything'],
    ['- a list', 'everything'],
  ])('of %s is %j', (kustomization, expected) => {
    expect(grow(files, ['app'], kustomization)).toEqual(expected);
  });

  it('has the values files that the settings of the path name', () => {
    const settings = new Map([['app/plumbline.yaml', 'helm: {valuesFiles: [../p/q.yaml, own.yaml, ../missing.yaml]}']]);
    expect(growSparseSet(tree(...files), new Set(['app']), settings)).toEqual(new Set(['p/q.yaml']));
  });

  it('writes patterns that name files and nothing else', () => {
    expect(sparsePatterns(new Set(['a b/[c]*', '!d', '#e']))).toBe('/a\\ b/\\[c\\]\\*\n/\\!d\n/\\#e\n');
    expect(sparsePatterns(new Set(['a', '.']))).toBe('/*\n');
  });
});
