import { readFileSync } from 'node:fs';
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { SAVED_QUERIES, type SavedQuery } from '../../infra/constructs/saved-queries.ts';
import { DEPLOYMENT_DIMENSION, METRICS, METRICS_NAMESPACE } from '../../lib/records/metrics.ts';
import type { ObjectRecord, RunRecord } from '../../lib/records/record.ts';
import { synthesise, textOf } from './synthesise.ts';

const { observe } = synthesise();
const runbook = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');

const Alarm = z.object({
  AlarmName: z.string(),
  AlarmDescription: z.string(),
  Namespace: z.string(),
  MetricName: z.string(),
  Dimensions: z.array(z.object({ Name: z.string(), Value: z.unknown() })),
  TreatMissingData: z.string(),
});
const alarms = Object.values(observe.findResources('AWS::CloudWatch::Alarm')).map((resource) => Alarm.parse(resource.Properties));

const Widget = z.object({
  type: z.string(),
  properties: z.object({ title: z.string(), metrics: z.array(z.array(z.unknown())).optional(), query: z.string().optional() }),
});
const [dashboard] = Object.values(observe.findResources('AWS::CloudWatch::Dashboard'));
const { widgets } = z.object({ widgets: z.array(Widget) }).parse(JSON.parse(textOf(dashboard?.Properties.DashboardBody)));

/** `NAMESPACE NAME DIMENSION=VALUE` of each metric of ours that is looked at. */
const looked = [
  ...widgets
    .flatMap((widget) => widget.properties.metrics ?? [])
    .map(([namespace, name, dimension, value]) => `${namespace} ${name} ${dimension}=${value}`),
  ...alarms.map(
    ({ Namespace, MetricName, Dimensions }) =>
      `${Namespace} ${MetricName} ${Dimensions.map(({ Name, Value }) => `${Name}=${textOf(Value)}`)}`,
  ),
].filter((metric) => metric.startsWith(METRICS_NAMESPACE));

describe('metrics', () => {
  const emitted = Object.keys(METRICS).map((name) => `${METRICS_NAMESPACE} ${name} ${DEPLOYMENT_DIMENSION}=plumbline`);

  it('each that a dashboard or an alarm names is emitted, with that dimension', () => {
    expect(looked.filter((metric) => !emitted.includes(metric))).toEqual([]);
  });

  it('each that is emitted can be seen', () => {
    expect(emitted.filter((metric) => !looked.includes(metric))).toEqual([]);
  });
});

describe('alarms', () => {
  it.each(alarms.map((alarm) => [alarm.AlarmName, alarm] as const))(
    '%s has an entry in the runbook that says what to do',
    (name, alarm) => {
      const anchor = /docs\/runbook\.md#([a-z-]+)$/.exec(alarm.AlarmDescription)?.[1];
      expect(name).toBe(`plumbline-${anchor}`);
      const entry = runbook.split(/^## /m).find((section) => section.startsWith(`${anchor}\n`));
      expect([...(entry ?? '').matchAll(/^### (.+)\n\n\S/gm)].map(([, heading]) => heading)).toEqual([
        'Description',
        'Investigation',
        'Resolution',
      ]);
    },
  );

  it('has no entry in the runbook for an alarm that does not exist', () => {
    const entries = [...runbook.matchAll(/^## (.+)$/gm)].map(([, entry]) => `plumbline-${entry}`);
    expect(entries.sort()).toEqual(alarms.map(({ AlarmName }) => AlarmName).sort());
  });

  it('a fleet that nobody measures is not a healthy one', () => {
    observe.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'StaleClusters',
      Threshold: 1,
      Period: 60,
      DatapointsToAlarm: 3,
      EvaluationPeriods: 3,
      TreatMissingData: 'breaching',
    });
  });

  it('what was rolled out and does not work goes off', () => {
    observe.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'DegradedRollouts',
      Threshold: 1,
      Statistic: 'Maximum',
      DatapointsToAlarm: 3,
      EvaluationPeriods: 3,
      TreatMissingData: 'ignore',
    });
  });

  it('watches both queues of dead letters', () => {
    const queues = alarms
      .filter(({ MetricName }) => MetricName === 'ApproximateNumberOfMessagesVisible')
      .map(({ Dimensions }) => textOf(Dimensions[0]?.Value));
    expect(queues).toEqual([expect.stringContaining('SourcesDeadLetters'), expect.stringContaining('ClustersDeadLetters')]);
  });

  it('tells the topic when it begins and when it ends', () => {
    const alarmTopicArn = 'arn:aws:sns:eu-west-1:111122223333:ops';
    const told = synthesise({ alarmTopicArn }).observe;
    told.allResourcesProperties('AWS::CloudWatch::Alarm', { AlarmActions: [alarmTopicArn], OKActions: [alarmTopicArn] });
    observe.allResourcesProperties('AWS::CloudWatch::Alarm', { AlarmActions: Match.absent() });
  });
});

describe('saved queries', () => {
  const common = {
    cluster: '',
    id: '',
    at: '',
    runId: '',
    revision: '',
    sequence: 1,
    event: 'verified',
    error: { reason: '', message: '' },
    durationMs: 1,
  } as const;
  const record: Required<ObjectRecord> = {
    ...common,
    kind: 'drift',
    object: { apiVersion: '', kind: '', namespace: '', name: '', uid: '' },
    class: '',
    changes: [{ path: '', desired: '', live: '' }],
    actor: { manager: '', operation: 'Update', at: '', user: '' },
    decision: 'corrected',
    heldUntil: '',
    correctedAt: '',
    verifiedAt: '',
    health: { status: 'healthy', reason: '', message: '', at: '' },
    resolvedAt: '',
  };
  const run: Required<RunRecord> = {
    ...common,
    kind: 'run',
    outcome: 'failed',
    objects: 0,
    drifted: 0,
    corrected: 0,
    created: 0,
    failed: 0,
    requests: 0,
  };
  const paths = (value: unknown, prefix = ''): readonly string[] =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, child]) => paths(child, `${prefix}.${key}`))
      : [prefix.slice(1)];
  const known = new Set(['@timestamp', ...paths(record), ...paths(run)]);

  /** The fields of records that a query reads: by `fields`, `filter` and, in parentheses or after `by`, `stats`. */
  function fieldsOf(query: SavedQuery): readonly string[] {
    return query.commands.flatMap((command) => {
      const [, verb, rest = ''] = /^(\w+) (.*)$/.exec(command) ?? [];
      if (verb === 'fields') return rest.split(', ');
      if (verb === 'filter') return [...rest.matchAll(/([\w.]+) (?:=|in)/g)].map(([, field = '']) => field);
      if (verb === 'stats') return [...rest.matchAll(/\(([\w.]+)\)|by ([\w.]+)/g)].map(([, argument, group]) => argument ?? group ?? '');
      return [];
    });
  }

  it.each(Object.values(SAVED_QUERIES))('$title asks only for fields that records have', (query) => {
    expect(fieldsOf(query).length).toBeGreaterThan(1);
    expect(fieldsOf(query).filter((field) => !known.has(field))).toEqual([]);
  });

  it('are kept for each deployment, over the logs of the functions that write those records', () => {
    observe.resourceCountIs('AWS::Logs::QueryDefinition', Object.keys(SAVED_QUERIES).length);
    observe.hasResourceProperties('AWS::Logs::QueryDefinition', {
      Name: 'plumbline/What drifted, by whom',
      QueryString: Match.stringLikeRegexp('filter kind = "drift"'),
      LogGroupNames: [{ 'Fn::ImportValue': Match.stringLikeRegexp('ReconcileLogs') }],
    });
  });

  it('recent drift stands on the dashboard as a table', () => {
    const table = widgets.find((widget) => widget.type === 'log' && widget.properties.title === SAVED_QUERIES.drift.title);
    expect(table?.properties.query).toMatch(/^SOURCE '<.*ReconcileLogs.*>' \| fields @timestamp, cluster, object\.kind/);
  });
});
