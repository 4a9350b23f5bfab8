import { describe, expect, it } from 'vitest';
import { templateOf } from '../../../lib/render/helm.ts';
import { helmWords } from '../../../lib/render/helm-words.ts';
import { differingObject } from '../../../lib/render/render-twice.ts';

const inApps = (chart: string) => `apps/${chart}`;

describe('what Helm says', () => {
  it.each([
    [
      'Error: web/templates/b.yaml:1:13\n  executing "web/templates/b.yaml" at <.Values.x.y>:\n    nil pointer evaluating interface {}.y\n\nUse --debug flag to render out invalid YAML\n',
      'apps/web/templates/b.yaml:1:13 executing "apps/web/templates/b.yaml" at <.Values.x.y>: nil pointer evaluating interface {}.y',
    ],
    ['Error: parse error at (web/charts/part/templates/p.yaml:3): x', 'parse error at (apps/web/charts/part/templates/p.yaml:3): x'],
    [`error: Error: open bad.yaml: x\n: unable to run: '/bin/helm template x' with env=[HOME=/x]`, 'open bad.yaml: x'],
    ['Error: open /tmp/tree/web/x.yaml: no such file', 'open web/x.yaml: no such file'],
  ])('is told with the paths of the repository', (said, words) => {
    expect(helmWords(said, '/tmp/tree', inApps)).toBe(words);
  });

  it.each([
    `Error: values don't meet the specifications\n- at '/password': 'hunter2' does not match pattern '^x$'`,
    `Error: values\n- at '/mail': 'hunter2' is not valid email: missing @`,
    'Error: x: error calling atoi: strconv.Atoi: parsing "hunter2": invalid syntax',
  ])('is told without values, which may be secret', (said) => {
    expect(helmWords(said, '/tmp/tree', inApps)).not.toContain('hunter2');
    expect(helmWords(said, '/tmp/tree', inApps)).toMatch(/password|mail|atoi/);
  });

  it('is nothing where Kustomize speaks for itself', () => {
    expect(helmWords('error: accumulating resources: x', '/tmp/tree', inApps)).toBeUndefined();
  });
});

it('an object of a chart is found in its template', () => {
  const output = '---\n# Source: web/crds/c.yaml\nkind: C\n---\n# Source: web/charts/part/templates/p.yaml\nkind: P\n---\nkind: Q\n';
  const template = templateOf(output, 'apps/web');
  expect([1, 3, 6, 8].map(template)).toEqual([
    'apps/web/Chart.yaml',
    'apps/web/crds/c.yaml',
    'apps/web/charts/part/templates/p.yaml',
    'apps/web/charts/part/templates/p.yaml',
  ]);
});

describe('two renders that differ', () => {
  const object = (name: string, data: string) => `---\nkind: ConfigMap\nmetadata: {name: ${name}, namespace: shop}\ndata: {x: ${data}}\n`;
  it.each([
    [object('a', '1') + object('b', '1'), object('a', '1') + object('b', '2'), 'ConfigMap shop/b'],
    [object('a', '1'), object('a', '1') + object('new', '1'), 'ConfigMap shop/new'],
    [object('a', '1') + object('gone', '1'), object('a', '1'), 'ConfigMap shop/gone'],
    ['# one\n', '# two\n', 'the order or the comments of what they print'],
  ])('are told by the object', (first, second, name) => {
    expect(differingObject(first, second)).toBe(name);
  });
});
