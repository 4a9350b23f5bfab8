import { Duration } from 'aws-cdk-lib';
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  LogQueryVisualizationType,
  LogQueryWidget,
  SingleValueWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { ControlStack } from '../control-stack.ts';
import { plumblineMetric } from './plumbline-metric.ts';
import { SAVED_QUERIES, type SavedQuery } from './saved-queries.ts';

export interface FleetDashboardProps {
  readonly deployment: string;
  readonly control: ControlStack;
  readonly alarms: readonly Alarm[];
}

const FULL_WIDTH = 24;
const HALF_WIDTH = 12;

/** The fleet on one page: is it as Git says, what moved, who moved it. */
export class FleetDashboard extends Construct {
  constructor(scope: Construct, id: string, { deployment, control, alarms }: FleetDashboardProps) {
    super(scope, id);
    const gauge = (name: 'OpenDrift' | 'DegradedRollouts' | 'FailingClusters' | 'StaleClusters' | 'OldestVerifiedSeconds', label: string) =>
      plumblineMetric(deployment, name, { statistic: 'Maximum', label });
    const count = (
      name:
        | 'DriftOpened'
        | 'DriftCorrected'
        | 'Fights'
        | 'RolloutsApplied'
        | 'ImageFindingsOpened'
        | 'CriticalImageFindingsOpened'
        | 'HighImageFindingsOpened'
        | 'SourceFailures'
        | 'Runs'
        | 'RunsFailed',
      label: string,
    ) => plumblineMetric(deployment, name, { statistic: 'Sum', label, period: Duration.minutes(5) });
    const spread = (
      name: 'CorrectionSeconds' | 'RunSeconds',
      statistic: 'p50' | 'p90' | 'Maximum' | 'SampleCount',
      label: string = statistic,
    ) => plumblineMetric(deployment, name, { statistic, label, period: Duration.minutes(5) });
    const graph = { width: HALF_WIDTH, height: 6, leftYAxis: { min: 0, showUnits: false } };

    new Dashboard(this, 'Dashboard', {
      dashboardName: `${deployment}-fleet`,
      defaultInterval: Duration.hours(12),
      widgets: [
        [
          new SingleValueWidget({
            title: 'Now',
            width: HALF_WIDTH,
            height: 4,
            metrics: [
              gauge('OpenDrift', 'Open drift'),
              gauge('DegradedRollouts', 'Degraded rollouts'),
              gauge('FailingClusters', 'Failing clusters'),
              gauge('StaleClusters', 'Stale clusters'),
              gauge('OldestVerifiedSeconds', 'Oldest verification'),
            ],
          }),
          new AlarmStatusWidget({ title: 'Alarms', width: HALF_WIDTH, height: 4, alarms: [...alarms] }),
        ],
        [
          new GraphWidget({
            ...graph,
            title: 'Drift',
            left: [
              gauge('OpenDrift', 'open'),
              count('DriftOpened', 'opened'),
              count('DriftCorrected', 'corrected'),
              count('Fights', 'given up'),
            ],
          }),
          new GraphWidget({
            ...graph,
            title: 'Time to correct (s)',
            left: [spread('CorrectionSeconds', 'p50'), spread('CorrectionSeconds', 'p90'), spread('CorrectionSeconds', 'Maximum')],
          }),
        ],
        [
          new GraphWidget({ ...graph, title: 'Clusters', left: [gauge('FailingClusters', 'failing'), gauge('StaleClusters', 'stale')] }),
          new GraphWidget({
            ...graph,
            title: 'Git and images',
            left: [
              count('RolloutsApplied', 'rollouts applied'),
              gauge('DegradedRollouts', 'rollouts degraded'),
              count('SourceFailures', 'source failures'),
              count('ImageFindingsOpened', 'image findings'),
              count('CriticalImageFindingsOpened', 'of them critical'),
              count('HighImageFindingsOpened', 'of them high'),
            ],
          }),
        ],
        [
          new GraphWidget({
            ...graph,
            title: 'Runs',
            left: [spread('RunSeconds', 'SampleCount', 'all'), count('Runs', 'with news'), count('RunsFailed', 'failed')],
          }),
          new GraphWidget({ ...graph, title: 'Duration of a run (s)', left: [spread('RunSeconds', 'p50'), spread('RunSeconds', 'p90')] }),
        ],
        [logTable(SAVED_QUERIES.drift, control)],
        [logTable(SAVED_QUERIES.images, control)],
      ],
    });
  }
}

function logTable(query: SavedQuery, control: ControlStack): LogQueryWidget {
  return new LogQueryWidget({
    title: query.title,
    logGroupNames: query.functions.map((name) => control[name].logGroup.logGroupName),
    queryLines: [...query.commands],
    view: LogQueryVisualizationType.TABLE,
    width: FULL_WIDTH,
    height: 9,
  });
}
