import { type Files, yamlOf } from './files.ts';

const NAMESPACE = 'storefront';
const SERVICES = [
  'ads',
  'cart',
  'checkout',
  'currency',
  'email',
  'frontend',
  'loadgenerator',
  'payment',
  'catalog',
  'recommendation',
  'shipping',
  'search',
];

/** An application of a dozen services in plain files, with what such teams keep beside them. */
export function serviceApplication(): Files {
  return {
    'namespace.yaml': yamlOf({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }),
    ...Object.fromEntries(SERVICES.map((name, index) => [`services/${name}.yaml`, yamlOf(...service(name, index))])),
    'data/redis.yaml': yamlOf(...redis()),
    'jobs/migrate.yaml': yamlOf({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'migrate-0042', namespace: NAMESPACE },
      spec: {
        backoffLimit: 3,
        template: {
          spec: { restartPolicy: 'Never', containers: [{ name: 'migrate', image: 'registry.example/migrate:42', command: ['/migrate'] }] },
        },
      },
    }),
    'jobs/cleanup.yaml': yamlOf({
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'cleanup', namespace: NAMESPACE },
      spec: {
        schedule: '0 3 * * *',
        jobTemplate: {
          spec: {
            template: { spec: { restartPolicy: 'OnFailure', containers: [{ name: 'cleanup', image: 'registry.example/cleanup:1' }] } },
          },
        },
      },
    }),
  };
}

function service(name: string, index: number): readonly object[] {
  const selector = { app: name };
  const metadata = { name, namespace: NAMESPACE, labels: { app: name, tier: index % 4 === 0 ? 'edge' : 'core' } };
  const port = 7000 + index;
  const others = SERVICES.filter((each) => each !== name);
  const env = [
    { name: 'PORT', value: String(port) },
    ...others.map((each) => ({ name: `${each.toUpperCase()}_ADDR`, value: `${each}.${NAMESPACE}.svc:80` })),
    { name: 'MEMORY_LIMIT', valueFrom: { resourceFieldRef: { resource: 'limits.memory' } } },
  ];
  const probe = { grpc: { port }, initialDelaySeconds: 10 };
  const objects: object[] = [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'settings.yaml': `name: ${name}\nfeatures:\n  - one\n  - two\n` } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        selector: { matchLabels: selector },
        template: {
          metadata: { labels: selector, annotations: { 'sidecar.example.com/rewrite-probes': 'true' } },
          spec: {
            serviceAccountName: name,
            terminationGracePeriodSeconds: 5,
            securityContext: { fsGroup: 1000, runAsGroup: 1000, runAsNonRoot: true, runAsUser: 1000 },
            containers: [
              {
                name: 'server',
                image: `registry.example/storefront/${name}:v0.10.${index}`,
                ports: [{ containerPort: port }],
                env,
                readinessProbe: probe,
                livenessProbe: probe,
                resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '200m', memory: '128Mi' } },
                volumeMounts: [{ name: 'settings', mountPath: '/etc/settings' }],
              },
            ],
            volumes: [{ name: 'settings', configMap: { name } }],
          },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { type: 'ClusterIP', selector, ports: [{ name: 'grpc', port: 80, targetPort: port }] },
    },
    { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata, spec: { maxUnavailable: 1, selector: { matchLabels: selector } } },
  ];
  if (name !== 'frontend') return objects;
  const backend = { service: { name, port: { name: 'grpc' } } };
  return [
    ...objects,
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...metadata, name: 'frontend-external' },
      spec: { type: 'LoadBalancer', selector, ports: [{ name: 'http', port: 80, targetPort: port }] },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata,
      spec: { rules: [{ host: 'shop.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] },
    },
  ];
}

function redis(): readonly object[] {
  const metadata = { name: 'redis', namespace: NAMESPACE };
  const labels = { app: 'redis' };
  return [
    { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', stringData: { password: 'not-this-one' } },
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { clusterIP: 'None', selector: labels, ports: [{ port: 6379 }] } },
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata,
      spec: {
        serviceName: 'redis',
        replicas: 3,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            containers: [
              {
                name: 'redis',
                image: 'redis:alpine',
                ports: [{ containerPort: 6379 }],
                volumeMounts: [{ name: 'data', mountPath: '/data' }],
              },
            ],
          },
        },
        volumeClaimTemplates: [
          { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
        ],
      },
    },
  ];
}
