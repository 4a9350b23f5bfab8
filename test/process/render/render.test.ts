import { describe, expect, it } from 'vitest';
import { configMap, namesOf, render } from './render-files.ts';

describe('a folder with a kustomization', () => {
  it('is built by Kustomize, bases and generators included', async () => {
    const rendered = await render(
      {
        'overlays/prod/kustomization.yaml':
          'resources: [../../base]\nnamespace: shop\nconfigMapGenerator: [{name: made, literals: [a=yes]}]',
        'base/kustomization.yaml': 'resources: [a.yaml]',
        'base/a.yaml': configMap('a', 'data: {mode: "0644", on: "yes"}'),
        'overlays/prod/ignored.yaml': configMap('ignored'),
        'overlays/prod/plumbline.yaml': 'helm: {hooks: skip}',
      },
      'overlays/prod',
    );
    expect(rendered.path).toBe('overlays/prod');
    expect(rendered.problems).toEqual([]);
    expect(rendered.objects).toEqual([
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'shop' }, data: { mode: '0644', on: 'yes' } },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: expect.stringMatching(/^made-/), namespace: 'shop' }, data: { a: 'yes' } },
    ]);
  });

  it('keeps integers that are longer than a double', async () => {
    const rendered = await render({
      'kustomization.yaml': 'resources: [x.yaml]',
      'x.yaml': 'apiVersion: example.com/v1\nkind: X\nmetadata: {name: x}\nspec: {big: 9007199254740993}',
    });
    expect(rendered.objects[0]?.spec).toEqual({ big: 9007199254740993n });
  });

  it.each<[string, Record<string, string>, string, RegExp]>([
    [
      'a resource that is not there',
      { 'app/kustomization.yaml': 'resources: [missing.yaml]' },
      'KustomizeFailed',
      /app\/kustomization\.yaml: .*missing\.yaml/,
    ],
    [
      'a YAML error in a resource',
      { 'app/kustomization.yaml': 'resources: [x.yaml]', 'app/x.yaml': 'a: 1\nb: [c\n' },
      'KustomizeFailed',
      /^app\/x\.yaml:[23]: /,
    ],
    [
      'a duplicate key in a resource of a base',
      {
        'app/kustomization.yaml': 'resources: [../base]',
        'base/kustomization.yaml': 'resources: [x.yaml]',
        'base/x.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n  name: y\n',
      },
      'KustomizeFailed',
      /^base\/x\.yaml:5: the key "name" is there twice/,
    ],
    [
      'two objects with one identity',
      { 'app/kustomization.yaml': 'resources: [x.yaml, y.yaml]', 'app/x.yaml': configMap('a'), 'app/y.yaml': configMap('a') },
      'KustomizeFailed',
      /already registered id: ConfigMap/,
    ],
    [
      'a file outside its folder',
      { 'app/kustomization.yaml': 'resources: [../x.yaml]', 'x.yaml': configMap('a') },
      'KustomizeFailed',
      /x\.yaml' is not in or below/,
    ],
    [
      'another repository',
      { 'app/kustomization.yaml': 'resources: ["https://user:hunter2@github.com/acme/apps//deploy?ref=v1"]' },
      'RemoteBase',
      /https:\/\/github\.com\/acme\/apps.*copy it/,
    ],
    [
      'a file to download, in a base',
      { 'app/kustomization.yaml': 'resources: [../base]', 'base/kustomization.yaml': 'resources: ["https://127.0.0.1/x.yaml"]' },
      'RemoteBase',
      /^base\/kustomization\.yaml/,
    ],
    [
      'a chart to download',
      { 'app/kustomization.yaml': 'helmCharts: [{name: x, repo: "https://example.com"}]' },
      'RemoteBase',
      /commit it as app\/charts\/x/,
    ],
  ])('fails as a whole for %s', async (_case, files, reason, message) => {
    await expect(render(files, 'app')).rejects.toMatchObject({ reason, lasting: true, message: expect.stringMatching(message) });
    await expect(render(files, 'app')).rejects.toMatchObject({ message: expect.not.stringMatching(/hunter2|plumbline-test-/) });
  });

  it.each<[string, Record<string, string>]>([
    [
      'a patch',
      {
        'kustomization.yaml': 'resources: [s.yaml]\npatches: [{path: p.yaml}]',
        'p.yaml': 'stringData:\n  password: hunter2\nmetadata: broken\n',
      },
    ],
    ['an inline patch', { 'kustomization.yaml': 'resources: [s.yaml]\npatches: [{patch: "stringData: {a: hunter2}"}]' }],
    ['an inline patch of operations', { 'kustomization.yaml': 'resources: [s.yaml]\npatches: [{patch: "- op: add\\n  value: hunter2"}]' }],
    ['a literal', { 'kustomization.yaml': 'secretGenerator: [{name: x, literals: [hunter2]}]' }],
    ['a resource', { 'kustomization.yaml': 'resources: [s.yaml]', 's.yaml': 'data: {a: *hunter2}' }],
    [
      'a Secret without a name',
      { 'kustomization.yaml': 'resources: [s.yaml]', 's.yaml': 'apiVersion: v1\nkind: Secret\nstringData: {a: hunter2}' },
    ],
  ])('never repeats the text of %s, which may be secret', async (_case, files) => {
    const secret = { 's.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}' };
    await expect(render({ ...secret, ...files })).rejects.toMatchObject({
      reason: 'KustomizeFailed',
      message: expect.not.stringContaining('hunter2'),
    });
  });
});

describe('a folder without a kustomization', () => {
  it('is walked as Flux does it', async () => {
    const rendered = await render(
      {
        'app/b.yml': configMap('b'),
        'app/a.yaml': `${configMap('a1')}---\n${configMap('a2')}`,
        'app/c.json': '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}}',
        'app/notes.txt': 'x',
        'app/.hidden.yaml': configMap('hidden'),
        'app/.github/x.yaml': configMap('hidden'),
        'app/plumbline.yaml': 'helm: {hooks: skip}',
        'app/sub/deep/d.yaml': configMap('d'),
        'app/built/kustomization.yaml': 'namePrefix: built-\nresources: [e.yaml]',
        'app/built/e.yaml': configMap('e'),
        'app/built/more/not.yaml': configMap('not-descended'),
      },
      'app',
    );
    expect(rendered.problems).toEqual([]);
    expect(namesOf(rendered)).toEqual(['a1', 'a2', 'b', 'c', 'd', 'built-e']);
  });

  it('reports what is no manifest by name, and goes on with the rest', async () => {
    const rendered = await render(
      {
        'app/good.yaml': configMap('good'),
        'app/values.yaml': 'replicas: 3',
        'app/broken.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n  name: y\n',
        'app/empty.yaml': '# nothing\n',
        'app/chart/Chart.yaml': 'name: x',
        'app/chart/templates/x.yaml': '{{ if }}',
        'app/failing/kustomization.yaml': 'resources: [missing.yaml]',
        'app/one.yaml': configMap('twice'),
        'app/two.yaml': configMap('twice'),
      },
      'app',
    );
    expect(namesOf(rendered)).toEqual(['good']);
    expect(rendered.problems.map(({ where, reason }) => `${where} ${reason}`).toSorted()).toEqual([
      'app/broken.yaml:5 InvalidYaml',
      'app/chart/Chart.yaml NotAnObject',
      'app/empty.yaml NotAnObject',
      'app/failing/kustomization.yaml KustomizeFailed',
      'app/one.yaml:1 DuplicateIdentity',
      'app/two.yaml:1 DuplicateIdentity',
      'app/values.yaml:1 NotAnObject',
    ]);
    for (const { where, message } of rendered.problems) expect(message.startsWith(where)).toBe(true);
  });

  it('follows a symlink inside the repository once, and refuses one that leads out', async () => {
    const inside = {
      'app/x.yaml': { link: '../shared/x.yaml' },
      'app/self': { link: '.' },
      'shared/x.yaml': configMap('linked'),
      'app/gone.yaml': { link: 'nowhere' },
    };
    expect(namesOf(await render(inside, 'app'))).toEqual(['linked']);
    await expect(render({ ...inside, 'app/out.yaml': { link: '/etc/hostname' } }, 'app')).rejects.toMatchObject({
      reason: 'PathOutsideRepository',
      message: expect.stringContaining('app/out.yaml'),
    });
  });

  it.each([
    ['nothing in it', { 'app/README.md': 'x' }, 'app', 'PathEmpty'],
    ['no folder there', { 'app/README.md': 'x' }, 'other', 'PathNotFound'],
    ['a file in its place', { 'app/x.yaml': configMap('x') }, 'app/x.yaml', 'PathNotFound'],
  ])('fails with %s', async (_case, files, path, reason) => {
    await expect(render(files, path)).rejects.toMatchObject({ reason, message: expect.stringContaining('Set path to') });
  });
});
