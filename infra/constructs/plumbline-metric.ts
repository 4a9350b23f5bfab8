import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { DEPLOYMENT_DIMENSION, METRICS_NAMESPACE, type MetricName } from '../../lib/records/metrics.ts';

export interface MetricView {
  readonly statistic: 'Maximum' | 'Sum' | 'SampleCount' | 'p50' | 'p90';
  readonly label?: string;
  /** One minute, the schedule's, if not given. */
  readonly period?: Duration;
}

/** A metric that the functions of a deployment emit. */
export function plumblineMetric(deployment: string, metricName: MetricName, view: MetricView): Metric {
  return new Metric({
    namespace: METRICS_NAMESPACE,
    metricName,
    dimensionsMap: { [DEPLOYMENT_DIMENSION]: deployment },
    period: Duration.minutes(1),
    ...view,
  });
}
