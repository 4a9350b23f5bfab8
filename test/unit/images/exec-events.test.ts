import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readExecEvents, readLogDelivery } from '../../../lib/images/pods/exec-events.ts';
import { isExecOver, recordExecs } from '../../../lib/images/pods/record-execs.ts';
import type { RunFacts } from '../../../lib/records/fact.ts';
import { clusterRow } from '../../helpers/cluster-row.ts';

/**
 * What a kube-apiserver 1.36 wrote (`--audit-policy-file`, level Metadata) when kubectl's own requests ran programs over WebSocket and SPDY,
 * attached, put a debug container in, asked the kubelet through the node, and were refused.
 */
const recorded = readFileSync(join(import.meta.dirname, '../../fixtures/images/audit-events.jsonl'), 'utf8')
  .trim()
  .split('\n');
const ALICE = 'arn:aws:sts::111122223333:assumed-role/Admin/alice';
const never = new AbortController().signal;

/** As CloudWatch Logs sends it to a function. */
function delivery(messages: readonly string[], more: object = {}) {
  const logEvents = messages.map((message, index) => ({ id: String(index), timestamp: index, message }));
  const body = {
    messageType: 'DATA_MESSAGE',
    owner: '111122223333',
    logGroup: '/aws/eks/prod/cluster',
    logStream: 'kube-apiserver-audit-0123456789abcdef',
    subscriptionFilters: ['plumbline'],
    logEvents,
    ...more,
  };
  return { awslogs: { data: gzipSync(JSON.stringify(body)).toString('base64') } };
}

/** A recorded event with some of its fields replaced. */
function altered(find: string, change: object): string {
  const found = recorded.find((line) => line.includes(find) && line.includes('"ResponseComplete"'));
  return JSON.stringify({ ...JSON.parse(found ?? 'null'), ...change });
}

describe('the audit log of an API server', () => {
  it('says who ran what in which container, once for each request', () => {
    expect(readExecEvents(recorded).map(({ at: _at, ...event }) => event)).toEqual([
      { action: 'exec', namespace: 'shop', name: 'web-1', container: 'app', program: 'sh', user: ALICE, agent: 'kubectl' },
      { action: 'exec', namespace: 'shop', name: 'web-1', container: 'app', program: '/bin/bash', user: ALICE, agent: 'kubectl' },
      { action: 'attach', namespace: 'shop', name: 'web-1', container: 'app', user: ALICE, agent: 'kubectl' },
      { action: 'debug', namespace: 'shop', name: 'web-1', user: ALICE, agent: 'kubectl' },
      { action: 'exec', namespace: 'shop', name: 'web-1', container: 'app', program: 'ls', user: `${ALICE} as carol`, agent: 'kubectl' },
    ]);
  });

  it('has no argument of a program in what is read from it', () => {
    expect(recorded.join()).toContain('hunter2');
    expect(JSON.stringify(readExecEvents(recorded))).not.toContain('hunter2');
    const one = altered('/exec?command=sh&command=-c', { requestURI: '/api/v1/namespaces/a/pods/b/exec?command=sh%20-c%20hunter2' });
    expect(readExecEvents([one])).toMatchObject([{ program: 'sh' }]);
  });

  it.each([
    ['proxy/run', 'node', { responseStatus: { code: 200 } }],
    ['proxy/exec', 'node', { responseStatus: { code: 101 } }],
    ['proxy/metrics', undefined, { responseStatus: { code: 200 } }],
    ['proxy/metrics', 'node', { responseStatus: { code: 200 }, verb: 'create' }],
    ['/attach', undefined, { responseStatus: { code: 403 } }],
    ['/attach', undefined, { verb: 'delete' }],
    ['/attach', undefined, { stage: 'Panic' }],
    ['/attach', undefined, { apiVersion: 'v1' }],
    ['/attach', undefined, { user: 'alice' }],
  ])('takes %s for %s where it has %j', (find, action, change) => {
    expect(readExecEvents([altered(find, change)]).map((event) => event.action)).toEqual(action === undefined ? [] : [action]);
  });

  it('names the IAM principal where EKS gives it, and shows no control characters', () => {
    const user = { username: 'admins:alice', extra: { arn: [ALICE] } };
    expect(readExecEvents([altered('/attach', { user })])).toMatchObject([{ user: ALICE }]);
    expect(readExecEvents([altered('/attach', { user: { username: 'a\u001b[31m\nb' } })])).toMatchObject([{ user: 'a?[31m?b' }]);
  });

  it('passes over what is no audit event', () => {
    expect(readExecEvents(['', 'I0101 kubelet', '[]', '{"kind":"Event"}', `${'['.repeat(100_000)}`])).toEqual([]);
  });
});

describe('a delivery of CloudWatch Logs', () => {
  it('names the cluster and its account', () => {
    expect(readLogDelivery(delivery(['a', 'b']))).toEqual({ eksName: 'prod', account: '111122223333', messages: ['a', 'b'] });
  });

  it('may be a trial, which says nothing', () => {
    expect(readLogDelivery(delivery([], { messageType: 'CONTROL_MESSAGE', logGroup: '' }))).toBeUndefined();
  });

  it.each<[string, unknown, string]>([
    ['no data', { awslogs: {} }, 'MalformedDelivery'],
    ['data that is no Base64', { awslogs: { data: '%' } }, 'MalformedDelivery'],
    ['data that is not compressed', { awslogs: { data: 'aGVsbG8=' } }, 'MalformedDelivery'],
    ['something else in it', { awslogs: { data: gzipSync('{}').toString('base64') } }, 'MalformedDelivery'],
    ['more than fits', { awslogs: { data: gzipSync(Buffer.alloc(33 * 1024 * 1024)).toString('base64') } }, 'MalformedDelivery'],
    ['the log of something else', delivery([], { logGroup: '/aws/lambda/web' }), 'UnknownLogGroup'],
  ])('with %s is refused', (_what, event, reason) => {
    expect(() => readLogDelivery(event)).toThrow(expect.objectContaining({ reason }));
  });
});

describe('recording', () => {
  const log = { eksName: 'prod', account: '111122223333', messages: recorded };
  const at = (eksName: string, region: string, roleArn?: string) =>
    ({ connection: { type: 'eks', eksName, region, ...(roleArn === undefined ? {} : { roleArn }) } }) as const;

  async function recordedIn(policy: 'ignore' | 'report' = 'report'): Promise<readonly RunFacts[]> {
    const runs: RunFacts[] = [];
    const rows = [
      clusterRow('own', at('prod', 'eu-west-1')),
      clusterRow('member', at('prod', 'eu-west-1', 'arn:aws:iam::111122223333:role/plumbline-member')),
      clusterRow('stranger', at('prod', 'eu-west-1', 'arn:aws:iam::999999999999:role/plumbline-stranger')),
      clusterRow('elsewhere', at('prod', 'us-east-1')),
      clusterRow('other', at('staging', 'eu-west-1')),
    ];
    await recordExecs(
      log,
      {
        clusters: { list: async () => rows.map((row) => ({ cluster: row.cluster, row })) },
        state: { get: async (cluster) => ({ cluster, desiredArtifact: 'sha256:a' }) },
        artifacts: {
          get: async () => ({
            repository: 'https://git.example/shop.git',
            reference: 'main',
            revision: 'a1',
            path: 'apps',
            objects: [],
            problems: [],
            settings: { images: { policy: { 'pod.exec': policy } } },
            digests: [],
            findings: [],
            blocked: {},
            schemaVersion: 1,
            renderedAt: '',
          }),
        },
        recorder: {
          record: async (run) => {
            runs.push(run);
            return [];
          },
        },
        clock: { now: () => new Date('2026-11-25T05:00:00Z') },
        newRunId: () => 'run',
        region: 'eu-west-1',
      },
      never,
    );
    return runs;
  }

  it('is for the rows of that cluster, with who did it', async () => {
    const runs = await recordedIn();
    expect(runs.map(({ cluster, revision, facts }) => [cluster, revision, facts.length])).toEqual([
      ['own', 'a1', 5],
      ['member', 'a1', 5],
    ]);
    expect(runs[0]?.facts[0]).toMatchObject({
      kind: 'image',
      class: 'pod.exec',
      object: { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'web-1' },
      actor: { user: ALICE, manager: 'kubectl', at: expect.stringMatching(/^2026-11-25T04:59/) },
      decision: 'reported',
      changes: [{ path: `Pod shop/web-1 [app] exec by ${ALICE}`, live: 'sh' }],
    });
  });

  it('is left out where plumbline.yaml ignores it', async () => {
    expect(await recordedIn('ignore')).toEqual([]);
  });

  it('stays open for a day after the last time', () => {
    const open = { at: '2026-11-25T05:00:00Z', actor: { manager: 'kubectl', at: '2026-11-25T09:00:00Z' } };
    expect(isExecOver(open, new Date('2026-11-26T08:59:59Z'))).toBe(false);
    expect(isExecOver(open, new Date('2026-11-26T09:00:01Z'))).toBe(true);
  });
});
