import { describe, expect, it } from 'vitest';
import type { PlanResult } from '../../../lib/cli/describe-plan.ts';
import { COMMENT_LENGTH, formatPlansAsMarkdown } from '../../../lib/cli/describe-plan-markdown.ts';
import type { PlanItem } from '../../../lib/reconcile/index.ts';
import type { FieldChange } from '../../../lib/records/record.ts';
import { eksItem, emptyWorld, runCommand } from './run-command.ts';

const REVISION = 'a'.repeat(40);

function plan(lines: readonly PlanItem[], cluster = 'prod-eu'): PlanResult {
  return { cluster, revision: REVISION, objects: lines.length + 40, lines };
}

function update(name: string, ...changes: readonly FieldChange[]): PlanItem {
  return { object: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name }, action: 'update', changes };
}

const EVERYTHING = plan([
  { object: { apiVersion: 'v1', kind: 'Namespace', namespace: '', name: 'shop' }, action: 'create', changes: [], validated: true },
  { ...update('new'), action: 'create', validated: false, after: ['Namespace shop'] },
  update(
    'settings',
    { path: 'data.colour', live: 'blue', desired: 'green' },
    { path: 'data.gone', live: 'x' },
    { path: 'data["app.conf"]', live: 'a=1\nb=2\nc=3\n', desired: 'a=1\nb=20\nc=3\n' },
    { path: 'spec.containers', live: ['app', 'proxy'], desired: ['proxy', 'app'] },
    { path: 'data.password', live: '(redacted)', desired: '(redacted)' },
  ),
  { ...update('old'), action: 'delete', notBefore: '2026-11-25T18:00:00.000Z' },
  { ...update('broken'), action: 'error', error: { reason: 'Invalid', message: 'ConfigMap shop/broken: data: is not a map.' } },
]);

describe('formatPlansAsMarkdown', () => {
  it('shows a heading, a summary and every object that is not unchanged', () => {
    expect(formatPlansAsMarkdown([EVERYTHING])).toBe(`## \`prod-eu\` at \`aaaaaaaaaaaa\`

45 objects: 2 to create, 1 to update, 1 to delete, 1 failed, 41 unchanged

- create \`Namespace shop\`
- create \`ConfigMap shop/new\` (after \`Namespace shop\`)

<details><summary>update <code>ConfigMap shop/settings</code> (5 paths)</summary>

\`\`\`diff
- data.colour: blue
+ data.colour: green
- data.gone: x
@@ data["app.conf"]: 1 line removed, 1 added @@
 a=1
-b=2
+b=20
 c=3
- spec.containers: order: app, proxy
+ spec.containers: order: proxy, app
! data.password: changed (redacted)
\`\`\`

</details>

- delete \`ConfigMap shop/old\`; not before 2026-11-25 18:00 UTC

<details><summary>failed: <code>ConfigMap shop/broken</code></summary>

\`\`\`diff
! ConfigMap shop/broken: data: is not a map.
\`\`\`

</details>

`);
  });

  it('says why a cluster could not be planned, without the credentials in the message', () => {
    const error = { reason: 'Unreachable', message: 'https://bot:hunter2hunter2@git.example.com/fleet.git: no answer' };
    const text = formatPlansAsMarkdown([{ cluster: 'prod-us', error }]);
    expect(text).toContain('## `prod-us`\n\nIt could not be planned:');
    expect(text).not.toContain('hunter2');
  });
});

const HOSTILE = [
  '</code></summary><script>alert(1)</script>',
  '`code` **bold** [link](https://evil.example.com) ![image](https://evil.example.com/x.png)',
  '```\n</details>\n# heading\n@everyone #1 https://evil.example.com',
  ' ```',
  '~~~\n\n<img src=x onerror=alert(1)>',
  '&lt;b&gt; <!-- ',
  '\r\n\r\n---\r\n| a | b |\r\n|---|---|',
  '`',
  '``````````````````',
  '\u2028\u202e\u0000 `',
  '*/ ]]> $x$ :smile: \\`',
];

/** What is left of Markdown once what stands in fences, code spans and code elements is taken out, as CommonMark reads them. */
function markupOf(markdown: string): string {
  const lines: string[] = [];
  let fence: string | undefined;
  for (const line of markdown.split(/\r\n|[\r\n]/)) {
    const opened = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence === undefined) {
      fence = opened;
      lines.push(line.startsWith('```') ? 'FENCE' : line);
    } else if (opened?.startsWith(fence) && /^ {0,3}[`~]+ *$/.test(line)) fence = undefined;
  }
  if (fence !== undefined) lines.push('AN OPEN FENCE');
  const html = (line: string) => line.replace(/<code>[^<>"'`]*<\/code>|<code>[^<>]*<\/code>/g, 'CODE');
  const spans = (line: string) => line.replace(/(?<!`)(`+)(?!`)(.*?[^`])\1(?!`)/g, 'CODE');
  return lines.map((line) => (line.startsWith('<') ? html(line) : spans(line))).join('\n');
}

function planNamed(text: string): PlanResult {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: text };
  return plan(
    [
      { object, action: 'create', changes: [], after: [text] },
      {
        object,
        action: 'update',
        changes: [
          { path: text, live: text, desired: `${text}2` },
          { path: 'data.long', live: `1\n${text}\n3\n`, desired: `1\n${text}\n4\n` },
        ],
      },
      { object, action: 'error', changes: [], error: { reason: 'Failed', message: text } },
    ],
    text,
  );
}

describe('text from clusters, in Markdown', () => {
  it.each(HOSTILE)('cannot mark up the comment: %j', (text) => {
    const harmless = markupOf(formatPlansAsMarkdown([planNamed('harmless'), { cluster: 'b', error: { reason: 'x', message: 'y' } }]));
    const hostile = markupOf(formatPlansAsMarkdown([planNamed(text), { cluster: 'b', error: { reason: 'x', message: text } }]));
    expect(hostile).toBe(harmless);
    expect(harmless).not.toMatch(/harmless|`/);
  });
});

describe('the size of a comment', () => {
  const large = (clusters: number, objects: number, length: number) =>
    Array.from({ length: clusters }, (_, cluster) =>
      plan(
        Array.from({ length: objects }, (__, index) =>
          update(`settings-${index}`, { path: 'data.a', live: 'x'.repeat(length), desired: 'y'.repeat(length) }),
        ),
        `cluster-${cluster}`,
      ),
    );

  it.each([
    [1, 3000, 100],
    [40, 200, 600],
    [2000, 3, 20],
    [1, 2, 1_000_000],
  ])('of %i clusters with %i objects and values of %i characters is one that GitHub takes', (clusters, objects, length) => {
    const text = formatPlansAsMarkdown(large(clusters, objects, length));
    expect(text.length).toBeLessThanOrEqual(COMMENT_LENGTH);
    expect(markupOf(text)).not.toContain('AN OPEN FENCE');
    expect(text.match(/<details>/g)?.length).toBe(text.match(/<\/details>/g)?.length);
  });

  it('leaves out the changes of objects before it leaves out objects', () => {
    const text = formatPlansAsMarkdown(large(1, 50, 100), 3000);
    const named = text.match(/^(?:- update|<details>).*ConfigMap/gm) ?? [];
    const detailed = text.match(/<details>/g) ?? [];
    expect([named.length, detailed.length > 0]).toEqual([50, true]);
    expect(text).toContain(`the changes of ${50 - detailed.length} objects._ \`plumbline plan cluster-0\` shows all`);
  });

  it('counts the objects that it cannot even name', () => {
    const text = formatPlansAsMarkdown(large(1, 50, 100), 1500);
    const named = text.match(/^- update/gm) ?? [];
    expect(text).toContain(`the changes of ${named.length} objects and ${50 - named.length} objects altogether`);
  });

  it('gives each cluster its share', () => {
    const text = formatPlansAsMarkdown([...large(1, 3000, 100), plan([update('small', { path: 'data.a', live: 1, desired: 2 })], 'last')]);
    expect(text).toContain('+ data.a: 2');
  });

  it('says how many clusters are left out', () => {
    const text = formatPlansAsMarkdown(large(100, 1, 10), 2000);
    const headings = text.match(/^## /gm) ?? [];
    expect(text).toContain(`_${100 - headings.length} more clusters left out`);
  });
});

describe('plumbline plan --markdown', () => {
  it('prints one comment for all clusters, and ends as plan does', async () => {
    const world = emptyWorld();
    world.items.set('a', eksItem('a')).set('b', eksItem('b'));
    world.plan = async ({ cluster }) => {
      if (cluster === 'b') throw new Error('no answer');
      return { cluster, revision: REVISION, objects: 1, lines: [update('settings', { path: 'data.a', live: 1, desired: 2 })] };
    };
    const { status, out } = await runCommand(world, 'plan', '--markdown');
    expect(out.match(/^## .*/gm)).toEqual(['## `a` at `aaaaaaaaaaaa`', '## `b`']);
    expect(status).toBe(1);
  });

  it('is not printed together with JSON', async () => {
    const { status, out, error } = await runCommand(emptyWorld(), 'plan', '--markdown', '--json');
    expect([status, out]).toEqual([1, '']);
    expect(error).toContain('Give one of them');
  });
});
