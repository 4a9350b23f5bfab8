import type { KubernetesObject } from '../../lib/manifests/object.ts';
import { applicationSet } from '../helpers/application-set.ts';

/** The 200 applications, with Deployments as large as those of production, each scaled by a HorizontalPodAutoscaler: 1,210 objects. */
export function realisticApplications(): readonly KubernetesObject[] {
  return applicationSet().flatMap((object) =>
    object.kind === 'Deployment' ? [realisticDeployment(object), autoscalerOf(object)] : [object],
  );
}

/** No `replicas`, since the autoscaler has them; the container of the application, one of a proxy, one that runs before both. */
function realisticDeployment({ apiVersion, kind, metadata }: KubernetesObject): KubernetesObject {
  const { name } = metadata;
  const labels = { 'app.kubernetes.io/name': name };
  const security = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } };
  const probe = (path: string) => ({ httpGet: { path, port: 'http' }, periodSeconds: 10, timeoutSeconds: 2, failureThreshold: 3 });
  const container = {
    name: 'app',
    image: `registry.example/${name}:1.4.2`,
    args: ['--listen', ':8080', '--config', '/etc/app/application.properties'],
    ports: [
      { name: 'http', containerPort: 8080, protocol: 'TCP' },
      { name: 'metrics', containerPort: 9090, protocol: 'TCP' },
    ],
    env: [
      ...Array.from({ length: 20 }, (_, index) => ({ name: `SETTING_${index}`, value: `${name}-${index}` })),
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ],
    envFrom: [{ configMapRef: { name } }],
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
    startupProbe: probe('/started'),
    readinessProbe: probe('/ready'),
    livenessProbe: probe('/live'),
    lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } },
    securityContext: security,
    volumeMounts: [
      { name: 'config', mountPath: '/etc/app' },
      { name: 'scratch', mountPath: '/tmp' },
    ],
  };
  const proxy = {
    name: 'proxy',
    image: 'registry.example/proxy:2.1',
    ports: [{ name: 'proxy', containerPort: 15000, protocol: 'TCP' }],
    env: [{ name: 'UPSTREAM', value: 'http://127.0.0.1:8080' }],
    resources: { requests: { cpu: '20m', memory: '32Mi' }, limits: { memory: '64Mi' } },
    readinessProbe: { httpGet: { path: '/ready', port: 'proxy' }, periodSeconds: 5 },
    securityContext: security,
  };
  const spec = {
    revisionHistoryLimit: 3,
    selector: { matchLabels: labels },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 } },
    template: {
      metadata: { labels: metadata.labels ?? {}, annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '9090' } },
      spec: {
        serviceAccountName: name,
        securityContext: { runAsNonRoot: true, fsGroup: 1000, seccompProfile: { type: 'RuntimeDefault' } },
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: 'topology.kubernetes.io/zone',
            whenUnsatisfiable: 'ScheduleAnyway',
            labelSelector: { matchLabels: labels },
          },
        ],
        initContainers: [{ name: 'migrate', image: `registry.example/${name}:1.4.2`, args: ['migrate'], securityContext: security }],
        containers: [container, proxy],
        volumes: [
          { name: 'config', configMap: { name } },
          { name: 'scratch', emptyDir: { sizeLimit: '1Gi' } },
        ],
      },
    },
  };
  return { apiVersion, kind, metadata, spec };
}

function autoscalerOf({ apiVersion, kind, metadata }: KubernetesObject): KubernetesObject {
  const utilisation = (name: string, averageUtilization: number) => ({
    type: 'Resource',
    resource: { name, target: { type: 'Utilization', averageUtilization } },
  });
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata,
    spec: {
      scaleTargetRef: { apiVersion, kind, name: metadata.name },
      minReplicas: 2,
      maxReplicas: 10,
      metrics: [utilisation('cpu', 70), utilisation('memory', 80)],
    },
  };
}
