import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { ControlStack } from '../control-stack.ts';
import { plumblineMetric } from './plumbline-metric.ts';

export interface AlarmsProps {
  readonly deployment: string;
  readonly control: ControlStack;
  readonly topicArn?: string;
}

/** One alarm: it goes off when the metric is at least 1 in `minutes` of the last `outOf` minutes. */
interface AlarmDefinition {
  readonly id: string;
  /** After the deployment's name in the alarm's, and the anchor of its entry in the runbook. */
  readonly name: string;
  readonly summary: string;
  readonly metric: Metric;
  readonly minutes: number;
  readonly outOf: number;
  /** What no data means: trouble for a gauge that is emitted each minute, nothing for a count of errors. */
  readonly missingData: TreatMissingData;
}

const RUNBOOK = 'docs/runbook.md';

/** The alarms, each with an entry in the runbook. */
export class Alarms extends Construct {
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, { deployment, control, topicArn }: AlarmsProps) {
    super(scope, id);
    const action = topicArn === undefined ? undefined : new SnsAction(Topic.fromTopicArn(this, 'Topic', topicArn));
    this.alarms = definitions(deployment, control).map((definition) => {
      const alarm = new Alarm(this, definition.id, {
        alarmName: `${deployment}-${definition.name}`,
        alarmDescription: `${definition.summary} Runbook: ${RUNBOOK}#${definition.name}`,
        metric: definition.metric,
        threshold: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        datapointsToAlarm: definition.minutes,
        evaluationPeriods: definition.outOf,
        treatMissingData: definition.missingData,
      });
      if (action !== undefined) {
        alarm.addAlarmAction(action);
        alarm.addOkAction(action);
      }
      return alarm;
    });
  }
}

function definitions(deployment: string, control: ControlStack): readonly AlarmDefinition[] {
  const eachMinute = { period: Duration.minutes(1) };
  return [
    {
      id: 'StaleClusters',
      name: 'stale-clusters',
      summary: 'A cluster was not verified in time, or nothing measures whether it was.',
      metric: plumblineMetric(deployment, 'StaleClusters', { statistic: 'Maximum' }),
      minutes: 3,
      outOf: 3,
      missingData: TreatMissingData.BREACHING,
    },
    {
      id: 'FailingClusters',
      name: 'failing-clusters',
      summary: "A cluster's runs fail.",
      metric: plumblineMetric(deployment, 'FailingClusters', { statistic: 'Maximum' }),
      minutes: 3,
      outOf: 3,
      // Without data, the alarm for stale clusters goes off.
      missingData: TreatMissingData.IGNORE,
    },
    {
      id: 'DegradedRollouts',
      name: 'degraded-rollouts',
      summary: 'What was rolled out does not work.',
      metric: plumblineMetric(deployment, 'DegradedRollouts', { statistic: 'Maximum' }),
      minutes: 3,
      outOf: 3,
      // Without data, the alarm for stale clusters goes off.
      missingData: TreatMissingData.IGNORE,
    },
    {
      id: 'Fights',
      name: 'fights',
      summary: 'A field is changed each time it is corrected, and was given up for a while.',
      // Counted once, when the fight begins.
      metric: plumblineMetric(deployment, 'Fights', { statistic: 'Sum' }),
      minutes: 1,
      outOf: 1,
      missingData: TreatMissingData.NOT_BREACHING,
    },
    {
      id: 'SourceDeadLetters',
      name: 'source-dead-letters',
      summary: 'The source function could not process a message.',
      metric: control.sources.deadLetters.metricApproximateNumberOfMessagesVisible({ ...eachMinute, statistic: 'Maximum' }),
      minutes: 1,
      outOf: 1,
      missingData: TreatMissingData.NOT_BREACHING,
    },
    {
      id: 'ClusterDeadLetters',
      name: 'cluster-dead-letters',
      summary: 'The reconcile function could not process a message.',
      metric: control.clusters.deadLetters.metricApproximateNumberOfMessagesVisible({ ...eachMinute, statistic: 'Maximum' }),
      minutes: 1,
      outOf: 1,
      missingData: TreatMissingData.NOT_BREACHING,
    },
    {
      id: 'ScheduleErrors',
      name: 'schedule-errors',
      summary: 'The schedule function fails: no work is asked for.',
      metric: control.schedule.function.metricErrors(eachMinute),
      minutes: 2,
      outOf: 3,
      missingData: TreatMissingData.NOT_BREACHING,
    },
    {
      id: 'AuditErrors',
      name: 'audit-errors',
      summary: 'The audit function fails: images that moved go unnoticed.',
      metric: control.audit.function.metricErrors(eachMinute),
      minutes: 3,
      outOf: 5,
      missingData: TreatMissingData.NOT_BREACHING,
    },
  ];
}
