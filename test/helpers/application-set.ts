import type { KubernetesObject } from '../../lib/manifests/object.ts';

const APPLICATIONS = 200;
const APPLICATIONS_A_NAMESPACE = 20;

/**
 * The desired state of a cluster as large teams have it: 200 applications of five objects each (ServiceAccount, ConfigMap, Service, Deployment,
 * PodDisruptionBudget) in ten namespaces, 1,010 objects in all. More applications come in more namespaces of twenty.
 */
export function applicationSet(applications = APPLICATIONS): readonly KubernetesObject[] {
  return Array.from({ length: applications }, (_, index) => {
    const namespace = `team-${Math.floor(index / APPLICATIONS_A_NAMESPACE)}`;
    const first = index % APPLICATIONS_A_NAMESPACE === 0;
    return [...(first ? [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }] : []), ...application(index, namespace)];
  }).flat();
}

function application(index: number, namespace: string): readonly KubernetesObject[] {
  const name = `app-${String(index).padStart(3, '0')}`;
  const selector = { 'app.kubernetes.io/name': name };
  const metadata = {
    name,
    namespace,
    labels: { ...selector, 'app.kubernetes.io/part-of': namespace, 'app.kubernetes.io/version': '1.4.2' },
  };
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: settings(name) },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector, ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }] },
    },
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: deploymentSpec(name, selector, metadata.labels) },
    { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata, spec: { minAvailable: 1, selector: { matchLabels: selector } } },
  ];
}

/** About a kilobyte, as configuration has. */
function settings(name: string): Readonly<Record<string, string>> {
  const lines = Array.from({ length: 12 }, (_, line) => `server.option-${line}=${name}-value-of-option-${line}-that-somebody-chose`);
  return { 'application.properties': lines.join('\n'), LOG_LEVEL: 'info', REGION: 'eu-central-1' };
}

function deploymentSpec(name: string, selector: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>>) {
  const env = Array.from({ length: 8 }, (_, index) => ({ name: `SETTING_${index}`, value: `${name}-${index}` }));
  const probe = { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 10 };
  return {
    replicas: 2,
    selector: { matchLabels: selector },
    template: {
      metadata: { labels },
      spec: {
        serviceAccountName: name,
        containers: [
          {
            name: 'app',
            image: `registry.example/${name}:1.4.2`,
            ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
            env,
            envFrom: [{ configMapRef: { name } }],
            resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
            readinessProbe: probe,
            livenessProbe: probe,
            securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
          },
        ],
      },
    },
  };
}
