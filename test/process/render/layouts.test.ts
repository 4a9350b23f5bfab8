import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringifyJson } from '../../../lib/manifests/json.ts';
import { normalise } from '../../../lib/manifests/normalise.ts';
import { parseManifests } from '../../../lib/manifests/parse.ts';
import { renderRevision } from '../../../lib/source/index.ts';
import { createRepository, temporaryDirectory } from '../../helpers/git-repository.ts';
import { testTools } from '../../helpers/tools.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/layouts');
const SERVER = { version: 'v1.36.3', apiVersions: ['example.com/v1', 'example.com/v1/Widget'] };

/** Each layout, the path that a row would name, and how a person would render it: by these arguments of the tool. */
const LAYOUTS: readonly (readonly [layout: string, path: string, ...args: readonly string[]])[] = [
  ['kustomize-single', 'app'],
  ['kustomize-overlays', 'overlays/prod'],
  ['kustomize-components', 'clusters/eu'],
  ['kustomize-generators', 'app'],
  ['kustomize-patches', 'app'],
  ['kustomize-replacements', 'app'],
  ['kustomize-diamond', 'clusters/prod/eu'],
  ['kustomize-crds', 'app'],
  ['kustomize-plugins', 'app'],
  ['kustomize-formats', 'app'],
  ['kustomize-symlinks', 'clusters/eu'],
  ['kustomize-chart', 'app', '--enable-helm', '--helm-command=HELM'],
  ['kustomize-chart-vendored', 'app', '--enable-helm', '--helm-command=HELM'],
  ['helm-simple', 'charts/web', 'web'],
  [
    'helm-values',
    'deploy/web',
    'shop',
    '--namespace=front',
    '--values=values/common.yaml',
    '--values=deploy/web/values-prod.yaml',
    '--set-string=image.tag=7,settings.extra=inline',
  ],
  ['helm-umbrella', '.', 'release'],
  ['helm-library', 'app', 'app'],
  ['helm-capabilities', 'operator', 'operator'],
  ['helm-files', 'web', 'web'],
  ['helm-deep', 'tenants/eu/shop/Web_App', 'web-app', '--no-hooks'],
];

/** What the tool itself prints for the full work tree. */
async function reference(root: string, path: string, args: readonly string[]): Promise<string> {
  const { kubectl, helm } = await testTools();
  const given = args.map((arg) => arg.replace('HELM', helm));
  const [release = '', ...rest] = given;
  const serverArgs = ['--kube-version', SERVER.version, ...SERVER.apiVersions.flatMap((each) => ['--api-versions', each])];
  const isChart = readdirSync(join(root, path)).includes('Chart.yaml');
  return isChart
    ? execFileSync(helm, ['template', release, `./${path}`, '--include-crds', ...serverArgs, ...rest], { cwd: root, encoding: 'utf8' })
    : execFileSync(kubectl, ['kustomize', path, ...given], { cwd: root, encoding: 'utf8' });
}

function normalised(text: string): string {
  const values = parseManifests(text).flatMap((document) => ('value' in document ? [{ where: '', value: document.value }] : []));
  return stringifyJson(normalise(values).objects, 2);
}

describe('a repository as people lay it out', () => {
  it.each(LAYOUTS)('%s renders as the tool itself renders it', async (layout, path, ...args) => {
    using repository = createRepository();
    using temporary = temporaryDirectory();
    cpSync(join(FIXTURES, layout), repository.directory, { recursive: true, verbatimSymlinks: true });
    repository.commit({});
    const rendered = await renderRevision(
      { repository: { url: repository.url, credentials: undefined }, reference: 'main', path },
      { tools: await testTools(), git: { environment: process.env, allowInsecure: true }, temporaryDirectory: temporary.path },
      AbortSignal.timeout(60_000),
      { server: SERVER },
    );
    expect(rendered.problems).toEqual([]);
    expect(rendered.objects.length).toBeGreaterThan(0);
    expect(stringifyJson(rendered.objects, 2)).toBe(normalised(await reference(repository.directory, path, args)));
  });

  it('is there for every fixture', () => {
    expect(LAYOUTS.map(([layout]) => layout).toSorted()).toEqual(readdirSync(FIXTURES).toSorted());
    expect(LAYOUTS.length).toBeGreaterThanOrEqual(20);
  });
});
