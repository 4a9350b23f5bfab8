import { definition } from './definition.ts';
import { type Files, yamlOf } from './files.ts';

const GROUP = 'databases.example.com';
const NAMESPACE = 'database-operator';
const labels = { 'app.kubernetes.io/name': 'database-operator', 'app.kubernetes.io/managed-by': 'kustomize' };

/** The sizes in kilobytes of the definitions that operators of databases, rollouts and meshes publish. */
const DEFINITIONS: readonly (readonly [string, string, number])[] = [
  ['Cluster', 'clusters', 900],
  ['Pooler', 'poolers', 400],
  ['Backup', 'backups', 60],
  ['ScheduledBackup', 'scheduledbackups', 40],
  ['Database', 'databases', 30],
  ['Publication', 'publications', 20],
  ['Subscription', 'subscriptions', 20],
  ['ImageCatalog', 'imagecatalogs', 12],
];

/** What an operator's release page offers as `bundle.yaml`, and one database that a team asks it for. */
export function operatorBundle(): Files {
  const metadata = (name: string) => ({ name, namespace: NAMESPACE, labels });
  const webhook = (name: string, path: string) => ({
    name: `${name}.${GROUP}`,
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    failurePolicy: 'Ignore',
    clientConfig: { service: { name: 'database-operator-webhook', namespace: NAMESPACE, path, port: 443 } },
    rules: [{ apiGroups: [GROUP], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['clusters'] }],
  });
  const admission = (kind: string, path: string) => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    metadata: { name: 'database-operator', labels, annotations: { 'cert-manager.io/inject-ca-from': `${NAMESPACE}/serving` } },
    webhooks: [webhook(kind.startsWith('Mutating') ? 'default' : 'check', path)],
  });
  const rbac = 'rbac.authorization.k8s.io';
  const resources = DEFINITIONS.map(([, plural]) => plural);
  const rules = [
    {
      apiGroups: [GROUP],
      resources: [...resources, ...resources.map((each) => `${each}/status`)],
      verbs: ['get', 'list', 'watch', 'update'],
    },
    { apiGroups: [''], resources: ['pods', 'secrets', 'services'], verbs: ['*'] },
  ];
  const subjects = [{ kind: 'ServiceAccount', name: 'database-operator', namespace: NAMESPACE }];
  const bind = (kind: string, name: string) => ({ roleRef: { apiGroup: rbac, kind, name }, subjects });
  return {
    'bundle.yaml': yamlOf(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE, labels } },
      ...DEFINITIONS.map(([kind, plural, kilobytes]) => definition({ group: GROUP, kind, plural, kilobytes })),
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata('database-operator') },
      { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name: 'database-operator', labels }, rules },
      {
        apiVersion: `${rbac}/v1`,
        kind: 'ClusterRoleBinding',
        metadata: { name: 'database-operator', labels },
        ...bind('ClusterRole', 'database-operator'),
      },
      {
        apiVersion: `${rbac}/v1`,
        kind: 'Role',
        metadata: metadata('leader-election'),
        rules: [{ apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['*'] }],
      },
      { apiVersion: `${rbac}/v1`, kind: 'RoleBinding', metadata: metadata('leader-election'), ...bind('Role', 'leader-election') },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata('monitoring-queries'), data: { queries: 'select 1;\n'.repeat(2_000) } },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: metadata('database-operator-webhook'),
        spec: { selector: labels, ports: [{ port: 443, targetPort: 9443 }] },
      },
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: metadata('database-operator'),
        spec: {
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: {
              serviceAccountName: 'database-operator',
              containers: [
                {
                  name: 'manager',
                  image: 'registry.example/database-operator:1.27.0',
                  args: ['controller', '--leader-elect'],
                  env: [{ name: 'OPERATOR_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } }],
                  ports: [
                    { containerPort: 8080, name: 'metrics' },
                    { containerPort: 9443, name: 'webhook' },
                  ],
                  resources: { limits: { cpu: '100m', memory: '200Mi' }, requests: { cpu: '100m', memory: '100Mi' } },
                  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, runAsUser: 10001 },
                  volumeMounts: [{ name: 'certificates', mountPath: '/run/secrets/certificates' }],
                },
              ],
              volumes: [{ name: 'certificates', secret: { secretName: 'serving', optional: true, defaultMode: 420 } }],
            },
          },
        },
      },
      admission('MutatingWebhookConfiguration', '/mutate'),
      admission('ValidatingWebhookConfiguration', '/validate'),
    ),
    'orders.yaml': yamlOf({
      apiVersion: `${GROUP}/v1`,
      kind: 'Cluster',
      metadata: { name: 'orders', namespace: NAMESPACE },
      spec: { replicas: 3, section0: { name: 'main' } },
    }),
  };
}
