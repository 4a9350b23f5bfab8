import { Metrics } from '@aws-lambda-powertools/metrics';
import { DEPLOYMENT_DIMENSION, METRICS, METRICS_NAMESPACE, type MetricName } from './metrics.ts';

/** Metrics as EMF documents on standard output, with the deployment as the one dimension; published when the invocation ends. */
export function createMetrics(deployment: string): {
  readonly metrics: Metrics;
  readonly count: (metric: MetricName, value: number) => void;
} {
  const metrics = new Metrics({ namespace: METRICS_NAMESPACE });
  // Powertools adds a `service` of its own, which would make every metric another one.
  metrics.clearDefaultDimensions();
  metrics.setDefaultDimensions({ [DEPLOYMENT_DIMENSION]: deployment });
  return { metrics, count: (metric, value) => metrics.addMetric(metric, METRICS[metric].unit, value) };
}
