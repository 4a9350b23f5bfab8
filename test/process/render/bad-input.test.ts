import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RENDER_LIMITS, type RenderError } from '../../../lib/render/index.ts';
import { renderRevision } from '../../../lib/source/index.ts';
import { createRepository, temporaryDirectory } from '../../helpers/git-repository.ts';
import { testTools } from '../../helpers/tools.ts';
import { chartFile, configMap, type Files, namesOf, render } from './render-files.ts';

const LFS_POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 12345\n`;
const LATIN1 = Buffer.from(configMap('latin', 'data: {city: Zürich}'), 'latin1');

/** Ten levels of ten aliases. */
function aliasBomb(): string {
  const levels = [...Array(9).keys()].map((level) => `  a${level + 1}: &a${level + 1} [${Array(10).fill(`*a${level}`).join(', ')}]\n`);
  return configMap('bomb', `data:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n${levels.join('')}`);
}

/** Each level merges the one before twice. */
function mergeBomb(): string {
  const levels = [...Array(26).keys()].map((level) => `  a${level + 1}: &a${level + 1} {l: {<<: *a${level}}, r: {<<: *a${level}}}\n`);
  return configMap('bomb', `data:\n  a0: &a0 {k: x}\n${levels.join('')}`);
}

/** What never ends: 10^20 turns of nothing. */
const ENDLESS = `${'{{ range until 10000 }}'.repeat(5)}${'{{ end }}'.repeat(5)}`;

/** Commands that run and have this in their arguments. */
function processesOf(mark: string): readonly string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch {
        return [];
      }
    })
    .filter((command) => command.includes(mark));
}

describe('one bad file among plain manifests is named, and the others go on', () => {
  it.each<[string, Files, string, RegExp]>([
    ['a Git LFS pointer', { 'bad.yaml': LFS_POINTER }, 'LfsPointer', /^bad\.yaml: it is a pointer of Git LFS/],
    ['a text that is not UTF-8', { 'bad.yaml': LATIN1 }, 'NotUtf8', /^bad\.yaml: it is not UTF-8/],
    ['a text in UTF-16', { 'bad.yaml': Buffer.from(`\ufeff${configMap('x')}`, 'utf16le') }, 'NotUtf8', /^bad\.yaml: /],
    [
      'a manifest of 50 MB',
      { 'bad.yaml': Buffer.alloc(50 * 1024 * 1024, 'a: b\n') },
      'RenderTooLarge',
      /^bad\.yaml: it has 50 MB, more than the 20 MB/,
    ],
    ['aliases that expand without end', { 'bad.yaml': aliasBomb() }, 'InvalidYaml', /^bad\.yaml:\d+: its aliases expand to more than/],
    ['merge keys that do so', { 'bad.yaml': mergeBomb() }, 'InvalidYaml', /^bad\.yaml:\d+: its aliases expand to more than/],
    ['a submodule that is checked out', { 'sub/.git': 'gitdir: x', 'sub/x.yaml': configMap('x') }, 'Submodule', /^sub: it is a submodule/],
    [
      'a symlink in a circle',
      { 'a.yaml': { link: 'b.yaml' }, 'b.yaml': { link: 'a.yaml' }, 'empty.yaml': '' },
      'NotAnObject',
      /^empty\.yaml: /,
    ],
  ])('%s', async (_case, files, reason, message) => {
    const rendered = await render({ ...files, 'good.yaml': configMap('good') });
    expect(namesOf(rendered)).toEqual(['good']);
    expect(rendered.problems).toMatchObject([{ reason, message: expect.stringMatching(message) }]);
  });
});

describe('a build is refused as a whole, with the file that is to blame', () => {
  const kustomization = (file: string) => ({
    'app/kustomization.yaml': `resources: [${file}, good.yaml]`,
    'app/good.yaml': configMap('good'),
  });
  const chart = { 'app/Chart.yaml': chartFile('app'), 'app/templates/good.yaml': configMap('good') };
  it.each<[string, Files, string, RegExp]>([
    [
      'a Git LFS pointer in a kustomization',
      { ...kustomization('bad.yaml'), 'app/bad.yaml': LFS_POINTER },
      'LfsPointer',
      /^app\/bad\.yaml: /,
    ],
    ['a Git LFS pointer in a chart', { ...chart, 'app/templates/bad.yaml': LFS_POINTER }, 'LfsPointer', /^app\/templates\/bad\.yaml: /],
    [
      'a text that is not UTF-8 in a kustomization',
      { ...kustomization('bad.yaml'), 'app/bad.yaml': LATIN1 },
      'NotUtf8',
      /^app\/bad\.yaml: /,
    ],
    ['a kustomization that is not UTF-8', { 'app/kustomization.yaml': LATIN1 }, 'NotUtf8', /^app\/kustomization\.yaml: /],
    [
      'a template that is not UTF-8',
      { ...chart, 'app/templates/bad.yaml': LATIN1 },
      'HelmFailed',
      /^app\/Chart\.yaml: .*templates\/bad\.yaml/,
    ],
    ['settings that are not UTF-8', { ...chart, 'app/plumbline.yaml': LATIN1 }, 'NotUtf8', /^app\/plumbline\.yaml: /],
    [
      'a manifest of 50 MB in a kustomization',
      { ...kustomization('bad.yaml'), 'app/bad.yaml': Buffer.alloc(50 * 1024 * 1024, 'a: b\n') },
      'RenderTooLarge',
      /^app\/bad\.yaml: it has 50 MB/,
    ],
    [
      'a symlink in a circle in a chart',
      { ...chart, 'app/templates/self': { link: '..' } },
      'SymlinkLoop',
      /^symlink app\/templates\/self: /,
    ],
    [
      'a submodule as a base',
      { 'app/kustomization.yaml': 'resources: [../sub]', 'sub/.git': 'gitdir: x', 'sub/kustomization.yaml': 'resources: []' },
      'Submodule',
      /^sub: /,
    ],
    [
      'a base outside of the repository',
      { 'app/kustomization.yaml': 'resources: [../../outside]' },
      'PathOutsideRepository',
      /^app\/kustomization\.yaml: "\.\.\/\.\.\/outside" is not inside/,
    ],
    [
      'an absolute path',
      { 'app/kustomization.yaml': 'resources: [/etc/hostname]' },
      'PathOutsideRepository',
      /^app\/kustomization\.yaml: "\/etc\/hostname"/,
    ],
  ])('%s', async (_case, files, reason, message) => {
    await expect(render(files, 'app')).rejects.toMatchObject({ reason, lasting: true, message: expect.stringMatching(message) });
  });

  it.each([
    ['aliases', aliasBomb()],
    ['merge keys', mergeBomb()],
  ])('a kustomization whose %s expand without end runs into a limit', async (_what, text) => {
    const limits = { ...RENDER_LIMITS, memoryMegabytes: 200 };
    const refused = render({ ...kustomization('bad.yaml'), 'app/bad.yaml': text }, 'app', { limits });
    // Kustomize's own parser counts aliases; which of the two it meets first is a matter of its garbage collector.
    await expect(refused).rejects.toSatisfy(({ reason, message }: RenderError) =>
      [
        /^RenderTooLarge app\/kustomization\.yaml: it needs more than 200 MB of memory\. Split it/,
        /^KustomizeFailed app\/bad\.yaml:\d+: its aliases /,
      ].some((expected) => expected.test(`${reason} ${message}`)),
    );
  });

  it('a chart that needs more memory than the limit', async () => {
    const growing = '{{- $x := "aaaaaaaa" }}{{ range until 40 }}{{ $x = print $x $x }}{{ end }}';
    const limits = { ...RENDER_LIMITS, memoryMegabytes: 200 };
    await expect(render({ ...chart, 'app/templates/bad.yaml': growing }, 'app', { limits })).rejects.toMatchObject({
      reason: 'RenderTooLarge',
      message: expect.stringMatching(/^app\/Chart\.yaml: it needs more than 200 MB of memory/),
    });
  });

  it('a chart that prints more than the limit', async () => {
    const long = '{{ range until 30000 }}    {{ repeat 1000 "x" }}\n{{ end }}';
    const rendering = render({ ...chart, 'app/templates/long.yaml': configMap('x', `data:\n  a: |\n${long}`) }, 'app');
    await expect(rendering).rejects.toMatchObject({ reason: 'RenderTooLarge', message: expect.stringContaining('more than 20 MB') });
  });
});

describe('limits', () => {
  it('a folder of 20,000 manifests is refused, with the number that it may have', async () => {
    const files = Object.fromEntries([...Array(20_000).keys()].map((index) => [`d${index % 100}/${index}.yaml`, 'a: b\n']));
    await expect(render(files)).rejects.toMatchObject({
      reason: 'RenderTooLarge',
      message: expect.stringContaining('more than 10000 files'),
    });
  });

  it('a chart of too many files is refused', async () => {
    const files = { 'Chart.yaml': chartFile('x'), ...Object.fromEntries([...Array(30).keys()].map((index) => [`files/${index}`, ''])) };
    await expect(render(files, '.', { limits: { ...RENDER_LIMITS, files: 20 } })).rejects.toMatchObject({ reason: 'RenderTooLarge' });
  });

  it('more objects than a render may have are refused', async () => {
    const files = { 'x.yaml': [...Array(30).keys()].map((index) => configMap(`x${index}`)).join('---\n') };
    await expect(render(files, '.', { limits: { ...RENDER_LIMITS, objects: 20 } })).rejects.toMatchObject({
      reason: 'RenderTooLarge',
      message: expect.stringContaining('it renders 30 objects, more than 20'),
    });
  });

  const mark = `endless-${process.pid}`;
  it.runIf(process.platform === 'linux').each<[string, Files]>([
    [
      'a Kustomize build',
      {
        'kustomization.yaml': `helmCharts: [{name: endless, releaseName: ${mark}}]`,
        'charts/endless/Chart.yaml': chartFile('endless'),
        'charts/endless/values.yaml': '',
        'charts/endless/templates/a.yaml': ENDLESS,
      },
    ],
    ['a chart', { 'Chart.yaml': chartFile('endless'), 'templates/a.yaml': ENDLESS, 'plumbline.yaml': `helm: {releaseName: ${mark}}` }],
  ])('%s that never ends is ended with every process that it started, and tried again later', async (_what, files) => {
    const rendering = render(files, '.', { limits: { ...RENDER_LIMITS, seconds: 3 } });
    await expect.poll(() => processesOf(mark).length, { timeout: 3_000 }).toBeGreaterThan(0);
    await expect(rendering).rejects.toMatchObject({
      reason: 'RenderTimeout',
      lasting: false,
      message: expect.stringContaining('it was not done within 3 s'),
    });
    await expect.poll(() => processesOf(mark)).toEqual([]);
  });
});

describe('a commit', () => {
  const deps = async (temporaryDirectory: string) => ({
    tools: await testTools(),
    git: { environment: process.env, allowInsecure: true },
    temporaryDirectory,
  });

  it('with a submodule among the manifests has it refused by name', async () => {
    using repository = createRepository();
    using temporary = temporaryDirectory();
    const first = repository.commit({ 'app/good.yaml': configMap('good') });
    repository.git('update-index', '--add', '--cacheinfo', `160000,${first},app/vendor`);
    repository.git('commit', '--quiet', '--message', 'Add a submodule');
    const source = { repository: { url: repository.url, credentials: undefined }, reference: 'main', path: 'app' };
    const rendered = await renderRevision(source, await deps(temporary.path), AbortSignal.timeout(30_000));
    expect(namesOf(rendered)).toEqual(['good']);
    expect(rendered.problems).toMatchObject([{ where: 'app/vendor', reason: 'Submodule' }]);
  });

  it.each([
    ['branch without a commit', undefined, 'ReferenceNotFound'],
    ['commit without a file', {}, 'PathEmpty'],
  ])('of a %s is refused in words', async (_what, files, reason) => {
    using repository = createRepository();
    using temporary = temporaryDirectory();
    if (files !== undefined) repository.commit(files);
    const source = { repository: { url: repository.url, credentials: undefined }, reference: 'main', path: '.' };
    await expect(renderRevision(source, await deps(temporary.path), AbortSignal.timeout(30_000))).rejects.toMatchObject({
      reason,
      message: expect.stringContaining(repository.url),
    });
  });

  it('finds a path with .. nowhere', async () => {
    using repository = createRepository();
    using temporary = temporaryDirectory();
    repository.commit({ 'app/good.yaml': configMap('good') });
    const source = { repository: { url: repository.url, credentials: undefined }, reference: 'main', path: '../app' };
    await expect(renderRevision(source, await deps(temporary.path), AbortSignal.timeout(30_000))).rejects.toMatchObject({
      reason: 'PathNotFound',
    });
  });
});
