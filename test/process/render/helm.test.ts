import { describe, expect, it } from 'vitest';
import { chartFile, configMap, namesOf, render } from './render-files.ts';

const CAPABILITIES = `apiVersion: v1
kind: ConfigMap
metadata: { name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }} }
data:
  kube: {{ .Capabilities.KubeVersion.Version | quote }}
  widgets: {{ .Capabilities.APIVersions.Has "example.com/v1/Widget" | quote }}
  size: {{ .Values.size | quote }}
  colour: {{ .Values.colour | quote }}
  id: {{ .Values.id | int64 | quote }}
`;

const hook = (name: string, events: string) =>
  `apiVersion: batch/v1\nkind: Job\nmetadata: {name: ${name}, annotations: {"helm.sh/hook": "${events}"}}\n`;

describe('a folder with a chart', () => {
  const chart = {
    'apps/web/Chart.yaml': chartFile('web'),
    'apps/web/templates/a.yaml': CAPABILITIES,
    'apps/web/values.yaml': 'size: small\ncolour: red\n',
  };

  it('is rendered for the version and the APIs of its cluster, as a release named after the path', async () => {
    const server = { version: 'v1.33.4-eks-abc', apiVersions: ['v1', 'example.com/v1', 'example.com/v1/Widget'] };
    const { objects, problems } = await render(chart, 'apps/web', { server });
    expect(problems).toEqual([]);
    expect(objects).toMatchObject([
      { metadata: { name: 'web', namespace: 'default' }, data: { kube: 'v1.33.4-eks-abc', widgets: 'true', size: 'small', colour: 'red' } },
    ]);
    expect((await render(chart, 'apps/web')).objects[0]?.data).toMatchObject({ widgets: 'false' });
  });

  it('takes release, values and files of values from plumbline.yaml, the later over the earlier', async () => {
    const rendered = await render(
      {
        ...chart,
        'apps/web/plumbline.yaml':
          'helm: {releaseName: shop, namespace: front, valuesFiles: [../../values/all.yaml, own.yaml], values: {id: 12345678}}',
        'apps/web/own.yaml': 'colour: green\n',
        'values/all.yaml': 'colour: blue\nsize: large\n',
      },
      'apps/web',
    );
    expect(rendered.defaultNamespace).toBe('front');
    expect(rendered.objects).toMatchObject([
      { metadata: { name: 'shop', namespace: 'front' }, data: { size: 'large', colour: 'green', id: '12345678' } },
    ]);
  });

  it('has the CRDs and the dependencies that lie in it', async () => {
    const rendered = await render({
      'Chart.yaml': chartFile('umbrella', 'dependencies: [{name: part, version: 1.0.0}]'),
      'crds/widgets.yaml': 'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets.example.com}\n',
      'charts/part/Chart.yaml': chartFile('part'),
      'charts/part/templates/p.yaml': configMap('part'),
      'templates/u.yaml': configMap('umbrella'),
    });
    expect(namesOf(rendered)).toEqual(['widgets.example.com', 'part', 'umbrella']);
  });

  it('leaves out test, delete and rollback hooks, and refuses those of installations by name until somebody decides', async () => {
    const hooks = {
      ...chart,
      'apps/web/templates/test.yaml': hook('test', 'test'),
      'apps/web/templates/delete.yaml': hook('delete', 'pre-delete, post-rollback'),
      'apps/web/templates/migrate.yaml': hook('migrate', 'pre-install,pre-upgrade'),
    };
    const refused = await render(hooks, 'apps/web');
    expect(namesOf(refused)).toEqual(['web']);
    expect(refused.problems).toEqual([
      {
        where: 'apps/web/templates/migrate.yaml',
        reason: 'HelmHook',
        message: expect.stringMatching(
          /^apps\/web\/templates\/migrate.yaml: Job migrate is a Helm hook \(pre-install, pre-upgrade\).*helm.hooks/,
        ),
        object: { apiVersion: 'batch/v1', group: 'batch', kind: 'Job', namespace: '', name: 'migrate' },
      },
    ]);
    const decided = (hooksSetting: string) => render({ ...hooks, 'apps/web/plumbline.yaml': `helm: {hooks: ${hooksSetting}}` }, 'apps/web');
    expect(namesOf(await decided('apply'))).toEqual(['web', 'migrate']);
    expect(namesOf(await decided('skip'))).toEqual(['web']);
  });

  it.each([
    ['random values', '{{ randAlphaNum 20 | quote }}'],
    ['the time', '{{ now | date "15:04:05" | quote }}'],
    ['a new certificate', '{{ (genSelfSignedCert "a" nil nil 1).Cert | b64enc | quote }}'],
  ])('is refused for %s, by the name of the object', async (_what, expression) => {
    const files = {
      'Chart.yaml': chartFile('web'),
      'templates/a.yaml': configMap('same'),
      'templates/b.yaml': configMap('other', `data: {x: ${expression}}`),
    };
    await expect(render(files)).rejects.toMatchObject({
      reason: 'NotRepeatable',
      lasting: true,
      message: expect.stringContaining('two renders differ in ConfigMap other.'),
    });
  });

  it.each<[string, Record<string, string>, string, RegExp]>([
    [
      'a template that fails',
      { 'apps/web/templates/b.yaml': 'a: 1\nb: {{ fail "no size" }}' },
      'HelmFailed',
      /^apps\/web\/Chart\.yaml: .*apps\/web\/templates\/b\.yaml:2:\d+\): no size/,
    ],
    [
      'a template that reads a value that is not there',
      { 'apps/web/templates/b.yaml': '\n\na: {{ .Values.x.y.z }}' },
      'HelmFailed',
      /apps\/web\/templates\/b\.yaml:3:\d+/,
    ],
    ['a template that cannot be parsed', { 'apps/web/templates/b.yaml': 'a: {{ if }}' }, 'HelmFailed', /apps\/web\/templates\/b\.yaml:1/],
    [
      'a template that renders no YAML',
      { 'apps/web/templates/b.yaml': 'a: b\n c: d' },
      'HelmFailed',
      /apps\/web\/templates\/b\.yaml.*line 2/,
    ],
    [
      'a template of a dependency that fails',
      { 'apps/web/charts/part/Chart.yaml': chartFile('part'), 'apps/web/charts/part/templates/p.yaml': '{{ fail "x" }}' },
      'HelmFailed',
      /apps\/web\/charts\/part\/templates\/p\.yaml:1/,
    ],
    [
      'dependencies that are not there',
      { 'apps/web/Chart.yaml': chartFile('web', 'dependencies: [{name: redis, version: 1.0.0, repository: "https://example.com"}]') },
      'HelmFailed',
      /dependencies redis are not in charts\/.*helm dependency build/,
    ],
    [
      'values that its schema refuses',
      { 'apps/web/values.schema.json': '{"properties":{"size":{"pattern":"^x$"}}}', 'apps/web/values.yaml': 'size: hunter2' },
      'HelmFailed',
      /\/size/,
    ],
    [
      'a server that is too old',
      { 'apps/web/Chart.yaml': chartFile('web', 'kubeVersion: ">=1.99"') },
      'HelmFailed',
      /kubeVersion: >=1\.99/,
    ],
    [
      'a values file that is not there',
      { 'apps/web/plumbline.yaml': 'helm: {valuesFiles: [../values/prd.yaml]}', 'apps/values/prod.yaml': '' },
      'HelmFailed',
      /^apps\/web\/plumbline\.yaml: values file "\.\.\/values\/prd\.yaml" does not exist: there is no apps\/values\/prd\.yaml\. There are: prod\.yaml/,
    ],
    [
      'a values file outside',
      { 'apps/web/plumbline.yaml': 'helm: {valuesFiles: [../../../etc/passwd]}' },
      'PathOutsideRepository',
      /not inside the repository/,
    ],
    [
      'a values file that is none',
      { 'apps/web/plumbline.yaml': 'helm: {valuesFiles: [bad.yaml]}', 'apps/web/bad.yaml': 'a: [' },
      'HelmFailed',
      /apps\/web\/bad\.yaml/,
    ],
    [
      'a setting that is not known',
      { 'apps/web/plumbline.yaml': 'helm: {valueFiles: [a]}' },
      'InvalidSettings',
      /^apps\/web\/plumbline\.yaml: key helm\.valueFiles is not known; did you mean helm\.valuesFiles\?/,
    ],
    [
      'no object at all',
      { 'apps/web/templates/a.yaml': '{{ if .Values.enabled }}a: b{{ end }}' },
      'PathEmpty',
      /^apps\/web\/Chart\.yaml: the chart renders no object/,
    ],
    ['a library chart', { 'apps/web/Chart.yaml': chartFile('web', 'type: library') }, 'HelmFailed', /library/],
  ])('fails as a whole for %s', async (_case, files, reason, message) => {
    const failing = render({ ...chart, ...files }, 'apps/web', { server: { version: 'v1.36.3', apiVersions: ['v1'] } });
    await expect(failing).rejects.toMatchObject({ reason, lasting: true, message: expect.stringMatching(message) });
    await expect(failing).rejects.toMatchObject({ message: expect.not.stringMatching(/hunter2|plumbline-test-|plumbline-render-/) });
  });

  it('refuses settings of a chart where there is none', async () => {
    const files = { 'x.yaml': configMap('x'), 'plumbline.yaml': 'helm: {releaseName: x}' };
    await expect(render(files)).rejects.toMatchObject({ reason: 'InvalidSettings', message: expect.stringContaining('helm.releaseName') });
  });
});

describe('a chart in a kustomization', () => {
  const files = {
    'app/kustomization.yaml':
      'helmGlobals: {chartHome: own}\nhelmCharts: [{name: web, releaseName: shop, namespace: front, valuesInline: {size: large}}]\nnamePrefix: x-\n',
    'app/own/web/Chart.yaml': chartFile('web'),
    'app/own/web/values.yaml': 'size: small\n',
    'app/own/web/templates/a.yaml': configMap('{{ .Release.Name }}', 'data: {size: {{ .Values.size }}}'),
    'app/own/web/templates/test.yaml': hook('test', 'test'),
  };

  it('is rendered when it is in the repository, without the hooks that never run', async () => {
    const rendered = await render(files, 'app');
    expect(rendered.problems).toEqual([]);
    expect(rendered.objects).toMatchObject([{ metadata: { name: 'x-shop' }, data: { size: 'large' } }]);
  });

  it('is taken from where Kustomize would have downloaded it to', async () => {
    const rendered = await render({
      'kustomization.yaml': 'helmCharts: [{name: web, version: 1.0.0, repo: "https://charts.example.com"}]',
      'charts/web-1.0.0/web/Chart.yaml': chartFile('web'),
      'charts/web-1.0.0/web/values.yaml': '',
      'charts/web-1.0.0/web/templates/a.yaml': configMap('vendored'),
    });
    expect(namesOf(rendered)).toEqual(['vendored']);
  });

  it.each<[string, Record<string, string>, string, RegExp]>([
    [
      'is never downloaded',
      { 'app/kustomization.yaml': 'helmCharts: [{name: web, repo: "https://charts.example.com", version: 1.0.0}]' },
      'RemoteBase',
      /^app\/kustomization\.yaml: chart web is not in the repository.*app\/charts\/web-1\.0\.0\/web/,
    ],
    [
      'is never downloaded by a generator either',
      {
        'app/kustomization.yaml': 'helmCharts: [{name: web}]\nhelmGlobals: {chartHome: own}\ngenerators: [g.yaml]',
        'app/g.yaml':
          'apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: g}\nname: other\nrepo: http://127.0.0.1:1\n',
      },
      'RemoteBase',
      /chart that is not in the repository/,
    ],
    [
      'takes no values from elsewhere',
      {
        'app/kustomization.yaml': 'helmGlobals: {chartHome: own}\nhelmCharts: [{name: web, valuesFile: "https://example.com/values.yaml"}]',
      },
      'RemoteBase',
      /example\.com/,
    ],
    [
      'says which template fails',
      { 'app/own/web/templates/a.yaml': 'a: 1\n{{ fail "no" }}' },
      'KustomizeFailed',
      /app\/own\/web\/templates\/a\.yaml:2/,
    ],
    [
      'has to render the same twice',
      { 'app/own/web/templates/a.yaml': configMap('r', 'data: {x: {{ randAlphaNum 9 }}}') },
      'NotRepeatable',
      /ConfigMap x-r/,
    ],
  ])('%s', async (_case, changed, reason, message) => {
    await expect(render({ ...files, ...changed }, 'app')).rejects.toMatchObject({ reason, message: expect.stringMatching(message) });
  });
});
